"""A projector at work: opens what it needs, steps while there is something to do, and rests."""

import os
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import exc

from actors.collecting import spare_the_collector
from actors.followed import Followed
from actors.infos import expect_environment
from actors.pacing import rest_after
from actors.projector import Projector
from store.errors import StoreError
from store.folder import open_store
from store.views.opening import open_views

if TYPE_CHECKING:
    from actors.projector_shell import ProjectorSettings

POLL = 0.5
"""Seconds after which the log is looked at although nobody woke us."""

PAUSE = 1.0
"""Seconds before another try when the store cannot be opened."""

log = structlog.get_logger()


class Projecting:
    """Runs until told to stop, whatever happens; `problem` says what keeps it from working."""

    def __init__(self, settings: "ProjectorSettings") -> None:
        self.problem: str | None = None
        self._settings = settings
        self._projector: Projector | None = None
        self._busy_since: float | None = None
        self._woken = Event()
        self._stopping = Event()

    @property
    def busy_for(self) -> float:
        """The age of the present step, in seconds."""
        since = self._busy_since
        return 0.0 if since is None else monotonic() - since

    @property
    def views(self) -> list[Followed]:
        """Tell how each view gets on."""
        projector = self._projector
        return [] if projector is None else projector.info()

    def wake(self) -> None:
        """Look at the log now."""
        self._woken.set()

    def stop(self) -> None:
        """Finish the page under way and let go of the databases."""
        self._stopping.set()
        self._woken.set()

    def run(self) -> None:
        """Keep the views up with the log."""
        while not self._stopping.is_set():
            try:
                self._work()
            except (StoreError, exc.SQLAlchemyError, OSError) as error:
                self.problem = str(error)
                log.warning("the projector could not work", why=str(error))
            except Exception:
                log.exception("the projector stumbled")
            self._stopping.wait(PAUSE)

    def _work(self) -> None:
        projector = self._opened()
        try:
            projector.start()
            self._projector = projector
            self.problem = None
            spare_the_collector()
            while not self._stopping.is_set():
                self._woken.clear()
                begun = monotonic()
                if not self._stepped(projector):
                    self._woken.wait(POLL)
                elif self._woken.is_set():  # hosts are writing
                    self._stopping.wait(rest_after(monotonic() - begun, projector.behind))
        finally:
            self._projector = None
            projector.close()

    def _stepped(self, projector: Projector) -> bool:
        self._busy_since = monotonic()
        try:
            return projector.step()
        finally:
            self._busy_since = None

    def _opened(self) -> Projector:
        settings = self._settings
        expect_environment(settings.terms)
        store = open_store(settings.folder, os.environ, settings.synchronous, settings.policies)
        return Projector(store, open_views(settings.folder, os.environ), settings.projections)
