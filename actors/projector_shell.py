"""A `Projector` as a Ray actor: works on a thread of its own, woken by hosts after commits."""

import os
from pathlib import Path
from threading import Event, Thread
from time import monotonic

import msgspec
import structlog
from sqlalchemy import exc

from actors.infos import ProjectorInfo, Terms, expect_environment, standing
from actors.logs import configure_logs
from actors.pacing import rest_after
from actors.ports import Projection
from actors.projector import Projector
from domain.attributes import Policies
from store.errors import StoreError
from store.folder import open_store
from store.views.opening import open_views

NICENESS = 10
"""Views yield to ingest: what is taken in must be durable now, a view may be a little late."""

POLL = 0.5
"""Seconds after which the log is looked at although nobody woke us."""

PAUSE = 1.0
"""Seconds before another try when the store cannot be opened."""

STOP_WITHIN = 20.0

log = structlog.get_logger()


class ProjectorSettings(msgspec.Struct, frozen=True):
    """What a projector needs to know to start; no secrets, Ray keeps this."""

    folder: Path
    projections: tuple[Projection, ...]
    synchronous: str
    policies: Policies
    terms: Terms = Terms("projector-0")


class ProjectorShell:
    """Runs from its constructor on, so that a restart by Ray runs again."""

    def __init__(self, settings: ProjectorSettings) -> None:
        configure_logs()
        os.nice(NICENESS)
        self._settings = settings
        self._projector: Projector | None = None
        self._busy_since: float | None = None
        self._problem: str | None = None
        self._woken = Event()
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="projector", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Look at the log now."""
        self._woken.set()

    def info(self) -> ProjectorInfo:
        """Tell how it is."""
        projector, since = self._projector, self._busy_since
        return ProjectorInfo(
            standing(self._settings.terms, self._problem),
            0.0 if since is None else monotonic() - since,
            [] if projector is None else projector.info(),
        )

    def stop(self) -> None:
        """Finish the page under way and let go of the databases."""
        self._stopping.set()
        self._woken.set()
        self._thread.join(STOP_WITHIN)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._work()
            except (StoreError, exc.SQLAlchemyError, OSError) as error:
                self._problem = str(error)
                log.warning("the projector could not work", why=str(error))
            except Exception:
                log.exception("the projector stumbled")
            self._stopping.wait(PAUSE)

    def _work(self) -> None:
        projector = self._opened()
        try:
            projector.start()
            self._projector = projector
            self._problem = None
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
