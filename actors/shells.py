"""Thin Ray shells around plain classes: they open what cannot travel, and delegate."""

import gc
import os
from pathlib import Path

import msgspec

from actors.host import HostInfo, ProfileHost
from actors.parcels import Question
from actors.slots import Assignment, host_name
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


class HostShell:
    """A `ProfileHost` as an actor.

    The constructor does nothing that could fail: an actor whose constructor raises is dead for
    good. The store is opened by the first call, and by every next one until it succeeds.
    """

    def __init__(self, settings: HostSettings) -> None:
        self._settings = settings
        self._host: ProfileHost | None = None

    def handle(self, batch: bytes) -> bytes:
        """See `ProfileHost.handle`."""
        return self._opened().handle(batch)

    def read(self, question: Question) -> tuple[str | None, bytes | None]:
        """See `ProfileHost.read`."""
        return self._opened().read(question)

    def info(self) -> HostInfo:
        """Tell how it is; touches neither the store nor the command path."""
        host, name = self._host, host_name(self._settings.number)
        if host is None:
            return HostInfo(name, 0, is_fenced=False, live=0, pid=os.getpid())
        return HostInfo(name, host.epoch, host.is_fenced, host.live, os.getpid())

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

    Looking through them again and again costs a third of the throughput (decision 0008).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 1_000)
