"""Thin Ray shells around plain classes: they open what cannot travel, and delegate."""

import os
from pathlib import Path
from time import monotonic

import msgspec
import structlog

from actors.agreed import Agreed
from actors.collecting import spare_the_collector
from actors.host import ProfileHost
from actors.infos import HostInfo, Terms, expect_environment, standing
from actors.logs import configure_logs
from actors.members import NAMESPACE
from actors.parcels import Question
from actors.placement import Placement, initial
from actors.waking import Waking
from domain.attributes import Policies
from store.errors import StoreError
from store.folder import open_store

LOOK_AGAIN = 10.0
"""Seconds after which a host reads the placement by itself, should nobody have told it."""

log = structlog.get_logger()


class HostSettings(msgspec.Struct, frozen=True):
    """What a host needs to know to start; no secrets, Ray keeps this."""

    folder: Path
    terms: Terms
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
        self._agreed: Agreed | None = None
        self._problem: str | None = None
        self._busy_since: float | None = None
        self._quiet_since = self._looked_at = monotonic()
        self._told: Placement | None = None
        self._waking = Waking(settings.projectors, NAMESPACE)

    def open(self) -> None:
        """Open the store, so that the first call need not wait; what hinders it `info` tells."""
        try:
            self._opened()
        except StoreError as error:
            log.warning("a host could not open the store", why=str(error))

    def handle(self, batch: bytes) -> bytes:
        """See `ProfileHost.handle`."""
        self._busy_since = monotonic()
        try:
            reply = self._opened().handle(batch)
            self._waking.wake()
            return reply
        finally:
            self._quiet_since, self._busy_since = monotonic(), None

    def read(self, question: Question) -> tuple[str | None, bytes | None]:
        """See `ProfileHost.read`."""
        return self._opened().read(question)

    def assign(self, placement: Placement) -> None:
        """Go by this placement from the next batch on, unless it is an old one."""
        if self._told is None or placement.version > self._told.version:
            self._told = placement

    def info(self) -> HostInfo:
        """Tell how it is; touches neither the store nor the command path."""
        host, since, told = self._host, self._busy_since, self._told
        return HostInfo(
            standing=standing(self._settings.terms, self._problem),
            epoch=0 if host is None else host.epoch,
            is_open=host is not None,
            is_fenced=host is not None and host.is_fenced,
            live=0 if host is None else host.live,
            busy_for=0.0 if since is None else monotonic() - since,
            quiet_for=monotonic() - self._quiet_since,
            placement=told.version if told else 0,
        )

    def stop(self) -> None:
        """Close the store, so that its file is left whole."""
        if self._host is not None:
            self._host.close()

    def _opened(self) -> ProfileHost:
        host = self._host
        if host is None:
            try:
                host = self._host = self._made()
            except StoreError as error:
                self._problem = str(error)
                raise
            self._problem = None
            spare_the_collector()
        self._follow(host)
        return host

    def _made(self) -> ProfileHost:
        settings, name = self._settings, self._settings.terms.name
        expect_environment(settings.terms)
        store = open_store(settings.folder, os.environ, settings.synchronous, settings.policies)
        self._agreed = Agreed(store.backend)
        stored = self._agreed.placement()
        if stored is not None:
            self.assign(stored)
        return ProfileHost(
            store,
            self._told or initial([name]),
            name=name,
            owner=f"pid {os.getpid()}",
            live_profiles=settings.live_profiles,
        )

    def _follow(self, host: ProfileHost) -> None:
        """Take over what was told; to know an old placement costs detours only."""
        if self._agreed is not None and monotonic() - self._looked_at > LOOK_AGAIN:
            self._looked_at = monotonic()
            stored = self._agreed.placement()
            if stored is not None:
                self.assign(stored)
        host.placement = self._told or host.placement
