"""What all members of a deployment agree on, kept in its store: placement and what is wanted.

Both change by compare and set, so that two supervisors can never both believe they decided.
"""

from collections.abc import Callable

import msgspec

from actors.placement import Placement
from store.backend import Backend

_PLACEMENT, _DESIRED, _DEPLOYMENT = "placement", "cluster", "deployment"


class Desired(msgspec.Struct, frozen=True):
    """What people asked for.

    So many hosts, no member made before this round of upgrades, nobody on the nodes of these ids.
    """

    hosts: int
    round: int = 0
    leaving: tuple[str, ...] = ()


class Agreed:
    """The agreed values of one deployment. Not for use by two threads at a time."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def placement(self) -> Placement | None:
        """Give the placement; None before the first start."""
        text = self._backend.get(_PLACEMENT)
        return None if text is None else msgspec.json.decode(text, type=Placement)

    def place(self, before: Placement | None, after: Placement) -> bool:
        """Put a placement in the place of another; False when that is no longer the one."""
        return self._swap(_PLACEMENT, before, after)

    def desired(self) -> Desired | None:
        """Give what is wanted; None before the first start."""
        text = self._backend.get(_DESIRED)
        return None if text is None else msgspec.json.decode(text, type=Desired)

    def wish(self, change: Callable[[Desired | None], Desired]) -> Desired:
        """Change what is wanted, whoever else does so too."""
        while True:
            before = self.desired()
            after = change(before)
            if after == before or self._swap(_DESIRED, before, after):
                return after

    def deployment(self) -> str | None:
        """Give the id of the deployment that the store belongs to; None before the first."""
        text = self._backend.get(_DEPLOYMENT)
        return None if text is None else text.decode()

    def belong_to(self, deployment: str) -> None:
        """Let the store belong to a deployment."""
        self._backend.put(_DEPLOYMENT, deployment.encode())

    def _swap(self, name: str, before: msgspec.Struct | None, after: msgspec.Struct) -> bool:
        old = None if before is None else msgspec.json.encode(before)
        return self._backend.swap(name, old, msgspec.json.encode(after))
