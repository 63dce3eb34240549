"""A projector as a Ray actor: works on a thread of its own, woken by hosts after commits.

Whoever wakes it loads this module, so what it works with is imported where it works.
"""

import os
from pathlib import Path
from threading import Thread

import msgspec

from actors.infos import ProjectorInfo, Terms, standing
from actors.logs import configure_logs
from actors.ports import Projection
from domain.attributes import Policies

NICENESS = 10
"""Views yield to ingest: what is taken in must be durable now, a view may be a little late."""

STOP_WITHIN = 20.0


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
        from actors.projecting import Projecting  # noqa: PLC0415 - see the module

        configure_logs()
        os.nice(NICENESS)
        self._terms = settings.terms
        self._projecting = Projecting(settings)
        self._thread = Thread(target=self._projecting.run, name="projector", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Look at the log now."""
        self._projecting.wake()

    def info(self) -> ProjectorInfo:
        """Tell how it is."""
        at_work = self._projecting
        return ProjectorInfo(
            standing(self._terms, at_work.problem), at_work.busy_for, at_work.views
        )

    def stop(self) -> None:
        """Finish the page under way and let go of the databases."""
        self._projecting.stop()
        self._thread.join(STOP_WITHIN)
