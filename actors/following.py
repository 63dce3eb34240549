"""One view kept up with the log, leniently: what cannot be folded parks its stream."""

from collections import Counter
from collections.abc import Callable, Sequence

import structlog
from sqlalchemy import Connection

from actors.ports import Projection
from actors.tables import NOT_THE_EVENT, opened
from domain.draft import Recorded
from domain.identifiers import ProfileId
from store.archive import Store
from store.log import LogPage, Unopened
from store.views import dead_letters, generations, tracking
from store.views.database import ViewDatabase
from store.views.dead_letters import DeadLetter, why
from store.views.errors import OutOfStep
from store.views.generations import Generation

Item = tuple[int, Recorded] | Unopened
"""An event of the log, opened or not."""

Guard = Callable[[Connection], None]
"""Raises in a write transaction when its writer has no right to it."""

log = structlog.get_logger()


def in_order(page: LogPage) -> list[Item]:
    """Give everything on a page by position."""
    if not page.unopened:
        return list(page.events)
    return sorted([*page.events, *page.unopened], key=position_of)


def position_of(item: Item) -> int:
    """Tell where in the log an event is."""
    return item.position if isinstance(item, Unopened) else item[0]


class Follower:
    """Folds pages into one generation, each page in one transaction with its position.

    After any exception the generation is as it was before the page.
    """

    def __init__(
        self,
        projection: Projection,
        generation: Generation,
        store: Store,
        database: ViewDatabase,
        guard: Guard | None = None,
    ) -> None:
        self.generation = generation
        self.position = generation.position
        self._touched = generation.touched
        self._fold = opened(projection, generation, store)
        self._store = store
        self._database = database
        self._guard = guard

    def take(self, items: Sequence[Item], end: int) -> None:
        """Fold events, the log up to `end`; halved until what fails stands alone, and is parked.

        Raises what is no event's fault (`NOT_THE_EVENT`).
        """
        try:
            self._commit(items, end)
        except NOT_THE_EVENT:
            self._fold.forget()
            raise
        except Exception as error:
            self._fold.forget()
            if not items:
                raise
            if len(items) == 1:
                self._commit([self._poison(items[0], error)], end)
                return
            middle = len(items) // 2
            self.take(items[:middle], position_of(items[middle - 1]))
            self.take(items[middle:], end)

    def tell(self, rate: float, trouble: str | None) -> None:
        """Write down how it gets on, for those who ask the database."""
        with self._database.writing() as connection:
            generations.tell(connection, self.generation, rate=rate, trouble=trouble)

    def _commit(self, items: Sequence[Item], end: int) -> None:
        with self._database.writing() as connection:
            generations.hold(connection, self.generation.name)
            tracking.advance(connection, self.generation.key, self.position, end)
            self._check(connection)
            events = self._let_through(connection, items)
            if events:
                self._fold.fold(connection, events)
        self.position = end

    def _check(self, connection: Connection) -> None:
        """Raise `OutOfStep` unless this generation is still ours to write."""
        if self._guard is not None:
            self._guard(connection)
        now = generations.current(connection, self.generation)
        if now is None or now.state != self.generation.state:
            raise OutOfStep(self.generation.key, "it is not the live one any more")
        if now.touched != self._touched:
            self._fold.forget()
            self._touched = now.touched

    def _let_through(
        self, connection: Connection, items: Sequence[Item]
    ) -> list[tuple[int, Recorded]]:
        """Give the events of streams that are not parked; park those that met a poison."""
        parked = dead_letters.parked(connection, self.generation)
        opened = [item for item in items if not isinstance(item, Unopened)]
        if not parked and len(opened) == len(items):
            return opened
        waiting = Counter[ProfileId]()
        events = []
        for item in items:
            stream = item.profile_id if isinstance(item, Unopened) else item[1].profile_id
            if stream in parked:
                waiting[stream] += 1
            elif isinstance(item, Unopened):
                parked.add(stream)
                dead_letters.park(connection, self._letter(item))
            else:
                events.append(item)
        dead_letters.add_waiting(connection, self.generation, waiting)
        return events

    def _poison(self, item: Item, error: Exception) -> Unopened:
        if isinstance(item, Unopened):
            return item
        position, recorded = item
        topic = self._store.topic(recorded.event)
        return Unopened(position, recorded.profile_id, recorded.version, topic, error)

    def _letter(self, poison: Unopened) -> DeadLetter:
        log.warning(
            "parked a stream that could not be folded",
            view=self.generation.key,
            stream=str(poison.profile_id),
            version=poison.version,
            topic=poison.topic,
            why=why(poison.error),
        )
        return DeadLetter(
            self.generation.name,
            self.generation.number,
            poison.profile_id,
            poison.version,
            poison.position,
            poison.topic,
            why(poison.error),
            attempts=1,
            waiting=0,
        )
