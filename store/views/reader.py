"""Views as queries see them: one moment, live generations, and waiting for a position."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import monotonic

import msgspec
from sqlalchemy import Connection, exc

from store.views import dead_letters
from store.views.database import ViewDatabase
from store.views.errors import (
    ViewBuilding,
    ViewMissing,
    ViewOutdated,
    ViewsBehind,
    ViewsUnavailable,
)
from store.views.generations import Generation, by_name, generations

FIRST_PAUSE, LONGEST_PAUSE = 0.002, 0.05


class Snapshot:
    """A read transaction and the generations that are live in it."""

    def __init__(self, connection: Connection, live: Mapping[str, Generation]) -> None:
        self.connection = connection
        self._live = live

    def prefix(self, name: str) -> str:
        """Tell how the names of a view's tables begin."""
        return self._live[name].prefix

    def position(self, name: str) -> int:
        """Tell up to where the view has the log."""
        return self._live[name].position


class ViewStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One generation as it is shown: `code` is the version this Onefold has, None: no such view.

    `rate` is in events a second while it works, `lag` in positions of the log.
    """

    name: str
    generation: int
    version: int
    code: int | None
    state: str
    position: int
    lag: int
    rate: float
    parked: int
    trouble: str | None


class Views:
    """The live views of a deployment, for those who only read.

    `versions` are those of the projections' code, by name.
    """

    def __init__(self, database: ViewDatabase, versions: Mapping[str, int]) -> None:
        self._database = database
        self._versions = versions

    @contextmanager
    def reading(self, *names: str) -> Iterator[Snapshot]:
        """Give one consistent moment of some views; raises `ViewsUnavailable`."""
        with self._database.reading() as connection:
            yield Snapshot(connection, self._live(connection, names))

    async def wait(self, position: int, names: Sequence[str], timeout: float) -> None:  # noqa: ASYNC109 - what a client asks for
        """Return when all of these views have a position; raises `ViewsBehind` after a while.

        Looks again and again, each time briefly on a thread: nobody who waits occupies one.
        """
        give_up = monotonic() + timeout
        pause = FIRST_PAUSE
        while True:
            behind = await asyncio.to_thread(self._behind, position, names)
            if behind is None:
                return
            if monotonic() + pause > give_up:
                raise ViewsBehind(behind.name, expected=position, position=behind.position)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def status(self, log_position: int) -> list[ViewStatus]:
        """Tell about every generation of every view, and about views that have none."""
        with self._database.reading() as connection:
            found, parked = _told(connection), dead_letters.count(connection)
        known = [self._shown(g, parked.get(g.key, 0), log_position) for g in found]
        without = self._versions.keys() - {generation.name for generation in found}
        return known + [self._absent(name, log_position) for name in sorted(without)]

    def outdated(self) -> list[ViewOutdated]:
        """List the live views that another version of the code made."""
        with self._database.reading() as connection:
            live = [g for g in _told(connection) if g.state == "live"]
        return [
            ViewOutdated(g.name, expected=self._versions[g.name], found=g.version)
            for g in live
            if self._versions.get(g.name, g.version) != g.version
        ]

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    def _behind(self, position: int, names: Sequence[str]) -> Generation | None:
        with self._database.reading() as connection:
            live = self._live(connection, names)
        return next((g for g in live.values() if g.position < position), None)

    def _live(self, connection: Connection, names: Sequence[str]) -> dict[str, Generation]:
        groups = by_name(_told(connection))
        return {name: self._usable(name, groups.get(name, ())) for name in names}

    def _usable(self, name: str, found: Sequence[Generation]) -> Generation:
        generation = next((g for g in found if g.state == "live"), None)
        if generation is None:
            raise ViewMissing(name)
        expected = self._versions.get(name, generation.version)
        if generation.version != expected:
            raise ViewOutdated(name, expected=expected, found=generation.version)
        if generation.position < generation.complete_at:
            raise ViewBuilding(name, generation.position, generation.complete_at)
        return generation

    def _shown(self, generation: Generation, parked: int, log_position: int) -> ViewStatus:
        is_building = generation.position < generation.complete_at
        return ViewStatus(
            name=generation.name,
            generation=generation.number,
            version=generation.version,
            code=self._versions.get(generation.name),
            state="building" if is_building else generation.state,
            position=generation.position,
            lag=max(0, log_position - generation.position),
            rate=round(generation.rate, 1),
            parked=parked,
            trouble=generation.trouble,
        )

    def _absent(self, name: str, log_position: int) -> ViewStatus:
        return ViewStatus(
            name=name,
            generation=0,
            version=0,
            code=self._versions[name],
            state="missing",
            position=0,
            lag=log_position,
            rate=0.0,
            parked=0,
            trouble=None,
        )


def _told(connection: Connection) -> list[Generation]:
    try:
        return generations(connection)
    except exc.DBAPIError as error:
        raise ViewsUnavailable(f"The view database could not be read: {error.orig}") from error
