"""Tells projectors that there is something new, at next to no cost for the host.

A wake is a hint: projectors look at the log by themselves every now and then, so one that gets
lost costs half a second. At most one is under way to each projector.
"""

from collections.abc import Sequence
from contextlib import suppress
from time import monotonic
from typing import Any

from actors.configured_ray import ray

LOOK_AGAIN = 1.0
"""Seconds before a projector that was not there is looked for again."""


class Waking:
    """Wakes the projectors of these names."""

    def __init__(self, names: Sequence[str], namespace: str) -> None:
        self._projectors = [_Projector(name, namespace) for name in names]

    def wake(self) -> None:
        """Wake each one that is not being woken already."""
        for projector in self._projectors:
            projector.wake()


class _Projector:
    def __init__(self, name: str, namespace: str) -> None:
        self._name = name
        self._namespace = namespace
        self._handle: Any = None  # a handle has no type that knows its methods
        self._looked_at = float("-inf")
        self._under_way: Any = None

    def wake(self) -> None:
        if self._under_way is not None and not self._arrived():
            return
        if self._handle is None and not self._found():
            return
        with suppress(ray.exceptions.RayError):
            self._under_way = self._handle.wake.remote()

    def _arrived(self) -> bool:
        ready, _ = ray.wait([self._under_way], timeout=0, fetch_local=False)
        if not ready:
            return False
        under_way, self._under_way = self._under_way, None
        try:
            ray.get(under_way)
        except ray.exceptions.RayError:
            self._handle = None
        return True

    def _found(self) -> bool:
        if monotonic() - self._looked_at < LOOK_AGAIN:
            return False
        self._looked_at = monotonic()
        with suppress(ValueError, ray.exceptions.RayError):
            self._handle = ray.get_actor(self._name, self._namespace)
        return self._handle is not None
