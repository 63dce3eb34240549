"""A rebuild: the next generation is made beside the live one, catches up, and takes its place."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import msgspec
import structlog
from sqlalchemy import Connection

from actors.following import Follower, in_order
from actors.ports import Projection
from actors.replay_pool import replay_slices
from actors.replaying import PAGE, Replay, Site, Task
from actors.tables import made
from store.archive import Store
from store.errors import StoreError
from store.views import generations, leases, slices, tracking
from store.views.database import ViewDatabase
from store.views.errors import NothingToSwitchTo
from store.views.generations import Generation
from store.views.leases import ViewLease

STREAMS = 2_000
"""Streams of a slice: some ten thousand events."""

Tell = Callable[[str, int, int], None]
"""Hears how it goes: what is done now, how many events of how many."""

log = structlog.get_logger()


class Rebuilt(msgspec.Struct, frozen=True):
    """The generation that is live now, and how many events were replayed for it."""

    name: str
    generation: int
    position: int
    events: int


def rebuild(
    site: Site, projection: Projection, *, workers: int, tell: Tell, is_clean: bool = False
) -> Rebuilt:
    """Make a view anew while the live one is read and kept up; goes on with an interrupted one.

    With `is_clean` an interrupted one is dropped. Raises `RebuildRunning` while another process
    does it, `RebuildStopped` at an event that cannot be folded; nothing is switched then.
    """
    database = site.database()
    database.create()
    with _opened(site, database) as store, _leased(database, projection.name) as lease:
        generation = _begun(database, store, projection, lease, is_clean=is_clean)
        task = Task(site, projection, generation, lease)
        replayed(task, database, workers, tell)
        position = _live_at_last(task, database, tell)
        with database.reading() as connection:
            events = slices.progress(connection, generation).events
    return Rebuilt(projection.name, generation.number, position, events)


def replayed(task: Task, database: ViewDatabase, workers: int, tell: Tell) -> None:
    """Replay every slice that is left, then note that the generation has the log so far."""
    generation, total = task.generation, task.generation.replays_to

    def look() -> None:
        with database.writing() as connection:
            leases.renew(connection, task.lease)
            events = slices.progress(connection, generation).events
        tell("replaying", events, total)

    with database.reading() as connection:
        parts = slices.undone(connection, generation)
        position = tracking.position(connection, generation.key) or 0
    if parts:
        replay_slices(task, parts, workers, look)
    if position < total:
        with database.writing() as connection:
            leases.check(connection, task.lease)
            tracking.advance(connection, generation.key, position, total)


def switch(site: Site, projection: Projection, tell: Tell) -> Generation:
    """Go back to the generation that was live before; it catches up first.

    It must have been made by this version of the code: raises `NothingToSwitchTo`.
    """
    database = site.database()
    with _opened(site, database) as store, _leased(database, projection.name) as lease:
        with database.reading() as connection:
            old = _latest_old(generations.generations(connection, projection.name), projection)
        follower = Follower(projection, old, store, database, _guard(lease))
        while True:
            page = store.page(follower.position, PAGE)
            if page.last is not None:
                follower.take(in_order(page), page.last[0])
                tell("catching up", follower.position, store.backend.position())
            elif _swapped(database, old, lease):
                return old


def drop_old(site: Site, projection: Projection) -> list[Generation]:
    """Drop every generation that is neither live nor being built."""
    database = site.database()
    with (
        _closing(database),
        _leased(database, projection.name) as lease,
        database.writing() as connection,
    ):
        generations.hold(connection, projection.name)
        leases.check(connection, lease)
        found = generations.generations(connection, projection.name)
        unused = [generation for generation in found if generation.state != "live"]
        for generation in unused:
            generations.drop(connection, generation)
    return unused


def prepared(connection: Connection, store: Store, projection: Projection, upto: int) -> Generation:
    """Make the next generation, its tables and its slices of the log up to a position."""
    generation = made(connection, projection, "building", replays_to=upto, complete_at=upto)
    slices.plan(connection, generation, store.backend.bounds(STREAMS))
    return generation


def _begun(
    database: ViewDatabase,
    store: Store,
    projection: Projection,
    lease: ViewLease,
    *,
    is_clean: bool,
) -> Generation:
    """Take up an interrupted rebuild of this version, or begin; other remains are dropped."""
    with database.writing() as connection:
        generations.hold(connection, projection.name)
        leases.check(connection, lease)
        found = generations.generations(connection, projection.name)
        building = [generation for generation in found if generation.state == "building"]
        usable = [g for g in building if g.version == projection.version and not is_clean]
        kept = usable[-1] if usable else None
        for generation in building:
            if generation is not kept:
                generations.drop(connection, generation)
        if kept is not None:
            log.info("goes on with an interrupted rebuild", view=kept.key)
            return kept
        return prepared(connection, store, projection, store.backend.position())


def _live_at_last(task: Task, database: ViewDatabase, tell: Tell) -> int:
    """Catch up along the log, then take over in one transaction."""
    replay = Replay(task)
    try:
        with database.reading() as connection:
            position = tracking.position(connection, task.generation.key) or 0
        while True:
            position = replay.follow(position)
            tell("catching up", position, position)
            live_at = replay.take_over(position)
            if live_at is not None:
                log.info("switched a view", view=task.generation.key, position=live_at)
                return live_at
    finally:
        replay.close()


def _swapped(database: ViewDatabase, generation: Generation, lease: ViewLease) -> bool:
    """Make a generation live unless readers would go back in time by it."""
    with database.writing() as connection:
        generations.hold(connection, generation.name)
        leases.check(connection, lease)
        live = generations.live(connection, generation.name)
        at = tracking.position(connection, generation.key) or 0
        if live is not None and live.position > at:
            return False
        generations.swap(connection, generation)
    log.info("switched a view", view=generation.key, position=at)
    return True


def _latest_old(found: list[Generation], projection: Projection) -> Generation:
    old = [g for g in found if g.state == "old" and g.version == projection.version]
    if not old:
        raise NothingToSwitchTo(projection.name, projection.version)
    return old[-1]


def _guard(lease: ViewLease) -> Callable[[Connection], None]:
    return lambda connection: leases.renew(connection, lease)


@contextmanager
def _leased(database: ViewDatabase, name: str) -> Iterator[ViewLease]:
    """Hold the lease of a view for as long as the block runs."""
    with database.writing() as connection:
        lease = leases.take(connection, name)
    try:
        yield lease
    finally:
        with suppress(StoreError), database.writing() as connection:
            leases.release(connection, lease)


@contextmanager
def _opened(site: Site, database: ViewDatabase) -> Iterator[Store]:
    with _closing(database):
        store = site.store()
        try:
            yield store
        finally:
            store.backend.close()


@contextmanager
def _closing(database: ViewDatabase) -> Iterator[None]:
    try:
        yield
    finally:
        database.close()
