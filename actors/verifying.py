"""Proof that a live view is what the log says: replayed beside it and compared row by row."""

import os
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from sqlalchemy import Connection

from actors.ports import Projection
from actors.rebuilding import Tell, prepared, replayed
from actors.replaying import Replay, Site, Task
from actors.tables import declared
from store.views import leases
from store.views.compare import Comparison, Side, compare
from store.views.database import ViewDatabase
from store.views.errors import ViewMissing, ViewOutdated
from store.views.generations import Generation, live
from store.views.leases import lives

SCRATCH = ".verify-"
"""How the names of folders for replays begin; the process that made one comes next."""


class Verified(msgspec.Struct, frozen=True):
    """What was compared, up to which position of the log."""

    name: str
    generation: int
    position: int
    comparison: Comparison


def verify(site: Site, projection: Projection, *, workers: int, tell: Tell) -> Verified:
    """Replay a view into a file of its own and compare; the live one may go on meanwhile.

    Raises `RebuildStopped` at an event that cannot be folded.
    """
    _remove_leftovers(site.folder)
    database = site.database()
    with TemporaryDirectory(dir=site.folder, prefix=f"{SCRATCH}{os.getpid()}-") as folder:
        scratch = msgspec.structs.replace(site, scratch=Path(folder))
        beside = scratch.database()
        try:
            return _verified(database, beside, scratch, projection, workers, tell)
        finally:
            beside.close()
            database.close()


def _remove_leftovers(folder: Path) -> None:
    """Remove what a process that was killed could not."""
    for scratch in folder.glob(f"{SCRATCH}*"):
        pid = scratch.name.removeprefix(SCRATCH).partition("-")[0]
        if not lives(int(pid)):
            shutil.rmtree(scratch, ignore_errors=True)


def _verified(  # noqa: PLR0913, PLR0917 - both sides and how
    database: ViewDatabase,
    beside: ViewDatabase,
    scratch: Site,
    projection: Projection,
    workers: int,
    tell: Tell,
) -> Verified:
    task = _begun(beside, scratch, projection, _position(database, projection))
    replayed(task, beside, workers, tell)
    replay = Replay(task)
    try:
        # Most of the way before the live view is held still, for that keeps its old pages.
        at = replay.follow(task.generation.replays_to, _position(database, projection))
        with database.reading() as connection:
            held = _live(connection, projection)
            replay.follow(at, held.position)
            tell("comparing", held.position, held.position)
            with beside.reading() as other:
                mine = Side(connection, declared(projection, held.prefix), held.prefix)
                prefix = task.generation.prefix
                its = Side(other, declared(projection, prefix), prefix)
                comparison = compare(mine, its)
        return Verified(projection.name, held.number, held.position, comparison)
    finally:
        replay.close()


def _begun(beside: ViewDatabase, scratch: Site, projection: Projection, upto: int) -> Task:
    beside.create()
    store = scratch.store()
    try:
        with beside.writing() as connection:
            lease = leases.take(connection, projection.name)
            generation = prepared(connection, store, projection, upto)
    finally:
        store.backend.close()
    return Task(scratch, projection, generation, lease)


def _position(database: ViewDatabase, projection: Projection) -> int:
    with database.reading() as connection:
        return _live(connection, projection).position


def _live(connection: Connection, projection: Projection) -> Generation:
    found = live(connection, projection.name)
    if found is None:
        raise ViewMissing(projection.name)
    if found.version != projection.version:
        raise ViewOutdated(projection.name, expected=projection.version, found=found.version)
    return found
