"""Folding the past into a generation that is being built, strictly: what fails ends it.

Slices of streams are replayed in any order and by several processes at once; then the log is
followed from where the slices end.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from sqlalchemy import Connection

from actors.ports import Projection
from actors.tables import NOT_THE_EVENT, opened
from domain.attributes import Policies
from domain.draft import Recorded
from store.archive import Store
from store.folder import open_store
from store.log import LogPage
from store.views import generations, leases, slices, tracking
from store.views.database import ViewDatabase
from store.views.dead_letters import why
from store.views.errors import RebuildStopped
from store.views.generations import Generation
from store.views.leases import ViewLease
from store.views.opening import open_views, views_in
from store.views.slices import Slice

PAGE = 20_000
"""Events folded in one transaction; about a thousand profiles."""

Events = Sequence[tuple[int, Recorded]]


class Site(msgspec.Struct, frozen=True):
    """Where the log is, where views are made, and how the store is opened.

    With a folder `scratch` they are made in a file in there, out of everybody's sight.
    """

    folder: Path
    synchronous: str = "full"
    policies: Policies = Policies()
    scratch: Path | None = None

    def store(self) -> Store:
        """Open the store; the master key is in the folder or in the environment."""
        return open_store(self.folder, os.environ, self.synchronous, self.policies)

    def database(self) -> ViewDatabase:
        """Open the view database."""
        if self.scratch is not None:
            return views_in(self.scratch)
        return open_views(self.folder, os.environ)


class Task(msgspec.Struct, frozen=True):
    """What a process must know to replay slices of a generation."""

    site: Site
    projection: Projection
    generation: Generation
    lease: ViewLease


class Replay:
    """Replays into one generation, in one process. Raises `RebuildStopped` at a poison."""

    def __init__(self, task: Task, page: int = PAGE) -> None:
        self._store = task.site.store()
        self._database = task.site.database()
        self._generation = task.generation
        self._lease = task.lease
        self._page = page
        self._fold = opened(task.projection, task.generation, self._store)

    def slice(self, part: Slice) -> None:
        """Replay streams to the end of a slice, whole streams at a time."""
        upto = self._generation.replays_to
        is_done = False
        while not is_done:
            place = (part.at_stream, part.at_version)
            page = self._store.slice(place, part.end, upto, self._page)
            is_done, before = page.last is None, part
            if page.last is not None:
                _, stream, version = page.last
                part = Slice(part.number, stream, version, part.end)
            note = _moving(self._generation, before, part, page.size, is_done=is_done)
            self._commit(page, note)
        self._fold.forget()

    def follow(self, position: int, upto: int | None = None) -> int:
        """Fold the log behind a position, up to another or as far as it goes; tells where it is."""
        while upto is None or position < upto:
            page = self._store.page(position, self._page)
            if upto is not None:
                page = _cut(page, upto)
            if page.last is None:
                return position
            self._commit(page, _advancing(self._generation, position, page.last[0]))
            position = page.last[0]
        return position

    def take_over(self, position: int) -> int | None:
        """Fold what the live generation has more, and become live: in one transaction.

        Nothing moves while it lasts, so calls that keep coming cannot put it off. Gives the
        position; None when a page would not do, then the log must be followed first.
        """
        events: Events = ()
        try:
            with self._database.writing() as connection:
                generations.hold(connection, self._generation.name)
                leases.renew(connection, self._lease)
                live = generations.live(connection, self._generation.name)
                goal = position if live is None else max(position, live.position)
                if goal - position > self._page:
                    return None
                page = _cut(self._store.page(position, self._page), goal)
                self._refuse(page)
                events = page.events
                if events:
                    self._fold.fold(connection, events)
                tracking.advance(connection, self._generation.key, position, goal)
                generations.swap(connection, self._generation)
        except (*NOT_THE_EVENT, RebuildStopped):
            raise
        except Exception as error:
            self._fold.forget()
            raise self._stopped(events, error) from error
        return goal

    def close(self) -> None:
        """Let go of both databases."""
        self._store.backend.close()
        self._database.close()

    def _commit(self, page: LogPage, note: Callable[[Connection], None]) -> None:
        self._refuse(page)
        try:
            self._write(page.events, note)
        except NOT_THE_EVENT:
            raise
        except Exception as error:
            raise self._stopped(page.events, error) from error

    def _refuse(self, page: LogPage) -> None:
        """Raise for a page with an event that did not open."""
        if page.unopened:
            first = page.unopened[0]
            place = (first.profile_id, first.version, first.position, first.topic)
            raise RebuildStopped(self._generation.name, *place, why(first.error))

    def _write(self, events: Events, note: Callable[[Connection], None]) -> None:
        """Fold first, for that takes no lock until it writes."""
        try:
            with self._database.writing() as connection:
                if events:
                    self._fold.fold(connection, events)
                leases.renew(connection, self._lease)
                note(connection)
        except BaseException:
            self._fold.forget()
            raise

    def _stopped(self, events: Events, error: Exception) -> RebuildStopped:
        """Find the first event without which the page could have been folded."""
        folds, fails = 0, len(events)
        while fails - folds > 1:
            middle = (folds + fails) // 2
            found = self._tried(events[:middle])
            if found is None:
                folds = middle
            else:
                fails, error = middle, found
        position, recorded = events[fails - 1]
        topic = self._store.topic(recorded.event)
        place = (recorded.profile_id, recorded.version, position, topic)
        return RebuildStopped(self._generation.name, *place, why(error))

    def _tried(self, events: Events) -> Exception | None:
        """Fold and take it back; gives what went wrong."""
        try:
            self._write(events, _take_back)
        except _TakenBack:
            return None
        except Exception as error:  # noqa: BLE001 - it is named in the end
            return error
        raise AssertionError("what is taken back cannot be there")


class _TakenBack(Exception):
    """Ends a transaction that was a trial."""


def _take_back(_connection: Connection) -> None:
    raise _TakenBack


def _moving(
    generation: Generation, before: Slice, now: Slice, events: int, *, is_done: bool
) -> Callable[[Connection], None]:
    return lambda connection: slices.moved(
        connection, generation, before, now, events=events, is_done=is_done
    )


def _advancing(generation: Generation, before: int, after: int) -> Callable[[Connection], None]:
    return lambda connection: tracking.advance(connection, generation.key, before, after)


def _cut(page: LogPage, upto: int) -> LogPage:
    """Leave out what is beyond a position; the last event then only tells the position."""
    if page.last is None or page.last[0] <= upto:
        return page
    events = [event for event in page.events if event[0] <= upto]
    unopened = [event for event in page.unopened if event.position <= upto]
    return LogPage(events, unopened, (upto, *page.last[1:]))
