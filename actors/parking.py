"""Parked streams get another try: after a mended projection, or a mended key."""

from uuid import UUID

import msgspec
from sqlalchemy import Connection

from actors.following import Item, in_order, position_of
from actors.ports import Fold, Projection
from actors.replaying import Site
from actors.tables import NOT_THE_EVENT, opened
from store.archive import Store
from store.log import Unopened
from store.views import dead_letters, generations
from store.views.database import ViewDatabase
from store.views.dead_letters import DeadLetter, why
from store.views.errors import OutOfStep, ViewMissing, ViewOutdated
from store.views.generations import Generation

PAGE = 5_000


class Retried(msgspec.Struct, frozen=True):
    """How many streams go on again, and those that stay parked."""

    name: str
    folded: int
    parked: list[DeadLetter]


def retry(site: Site, projection: Projection) -> Retried:
    """Fold the parked streams of the live view up to where the view is.

    A stream that fails again stays parked, with the event that failed now.
    """
    database, store = site.database(), site.store()
    try:
        return _retried(database, store, projection)
    finally:
        store.backend.close()
        database.close()


def _retried(database: ViewDatabase, store: Store, projection: Projection) -> Retried:
    generation = _live(database, projection)
    fold = opened(projection, generation, store)
    with database.reading() as connection:
        letters = dead_letters.letters(connection, generation)
    left = [letter for letter in letters if not _freed(database, store, fold, generation, letter)]
    with database.reading() as connection:
        parked = dead_letters.letters(connection, generation)
    return Retried(projection.name, len(letters) - len(left), parked)


def _live(database: ViewDatabase, projection: Projection) -> Generation:
    with database.reading() as connection:
        found = generations.live(connection, projection.name)
    if found is None:
        raise ViewMissing(projection.name)
    if found.version != projection.version:
        raise ViewOutdated(projection.name, expected=projection.version, found=found.version)
    return found


def _freed(
    database: ViewDatabase, store: Store, fold: Fold, generation: Generation, letter: DeadLetter
) -> bool:
    """Fold a stream event by event; what folds stays folded, and the rest stays parked."""
    with database.writing() as connection:
        generations.hold(connection, generation.name)
        generations.touch(connection, generation)
        items = _events(store, letter, _position(connection, generation))
        for number, item in enumerate(items):
            error = _failed(connection, fold, item)
            if error is not None:
                waiting = len(items) - number - 1
                dead_letters.park(connection, _again(letter, store, item, error, waiting))
                return False
        dead_letters.unpark(connection, letter)
    return True


def _position(connection: Connection, generation: Generation) -> int:
    now = generations.current(connection, generation)
    if now is None or now.state != "live":
        raise OutOfStep(generation.key, "it is not the live one any more")
    return now.position


def _events(store: Store, letter: DeadLetter, upto: int) -> list[Item]:
    """Read what is parked of a stream."""
    items: list[Item] = []
    place, end = (letter.stream, letter.version - 1), UUID(int=letter.stream.int + 1)
    while True:
        page = store.slice(place, end, upto, PAGE)
        if page.last is None:
            return items
        items += in_order(page)
        place = page.last[1:]


def _failed(connection: Connection, fold: Fold, item: Item) -> Exception | None:
    """Fold one event, or give what went wrong with nothing changed."""
    if isinstance(item, Unopened):
        return item.error
    try:
        with connection.begin_nested():
            fold.fold(connection, [item])
    except NOT_THE_EVENT:
        raise
    except Exception as error:  # noqa: BLE001 - it is kept with the event
        fold.forget()
        return error
    return None


def _again(
    letter: DeadLetter, store: Store, item: Item, error: Exception, waiting: int
) -> DeadLetter:
    if isinstance(item, Unopened):
        version, topic = item.version, item.topic
    else:
        version, topic = item[1].version, store.topic(item[1].event)
    return msgspec.structs.replace(
        letter,
        version=version,
        position=position_of(item),
        topic=topic,
        error=why(error),
        attempts=letter.attempts + 1,
        waiting=waiting,
    )
