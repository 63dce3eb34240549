"""Thin Ray shells around plain classes: they open what cannot travel, and delegate."""

import gc
import os
from pathlib import Path
from time import monotonic

import msgspec

from actors.cluster import NAMESPACE
from actors.host import HostInfo, ProfileHost
from actors.logs import configure_logs
from actors.parcels import Question
from actors.slots import Assignment, host_name
from actors.waking import Waking
from domain.attributes import Policies
from store.folder import open_store


class HostSettings(msgspec.Struct, frozen=True):
    """What a host needs to know to start; no secrets, Ray keeps this."""

    folder: Path
    number: int
    hosts: int
    live_profiles: int
    synchronous: str
    policies: Policies
    projectors: tuple[str, ...] = ()
    """Names of the actors to wake after a commit."""


class HostShell:
    """A `ProfileHost` as an actor.

    The constructor does nothing that could fail: an actor whose constructor raises is dead for
    good. The store is opened by the first call, and by every next one until it succeeds.
    """

    def __init__(self, settings: HostSettings) -> None:
        configure_logs()
        self._settings = settings
        self._host: ProfileHost | None = None
        self._busy_since: float | None = None
        self._waking = Waking(settings.projectors, NAMESPACE)

    def handle(self, batch: bytes) -> bytes:
        """See `ProfileHost.handle`."""
        self._busy_since = monotonic()
        try:
            reply = self._opened().handle(batch)
            self._waking.wake()
            return reply
        finally:
            self._busy_since = None

    def read(self, question: Question) -> tuple[str | None, bytes | None]:
        """See `ProfileHost.read`."""
        return self._opened().read(question)

    def info(self) -> HostInfo:
        """Tell how it is; touches neither the store nor the command path."""
        host, since = self._host, self._busy_since
        return HostInfo(
            name=host_name(self._settings.number),
            pid=os.getpid(),
            epoch=0 if host is None else host.epoch,
            is_fenced=host is not None and host.is_fenced,
            live=0 if host is None else host.live,
            busy_for=0.0 if since is None else monotonic() - since,
        )

    def stop(self) -> None:
        """Close the store, so that its file is left whole."""
        if self._host is not None:
            self._host.close()

    def _opened(self) -> ProfileHost:
        if self._host is None:
            settings = self._settings
            store = open_store(settings.folder, os.environ, settings.synchronous, settings.policies)
            self._host = ProfileHost(
                store,
                settings.number,
                Assignment(settings.hosts),
                name=host_name(settings.number),
                owner=f"pid {os.getpid()}",
                live_profiles=settings.live_profiles,
            )
            _spare_the_collector()
        return self._host


def _spare_the_collector() -> None:
    """Let the cycle collector run rarely: live profiles are many, lasting, and without cycles.

    Looking through them again and again costs a quarter of the throughput (decision 0008).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 1_000)
