"""A small projection for tests of the machinery: every stream's events, and activities by name."""

from collections import Counter
from collections.abc import Callable, Sequence

from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, Uuid
from sqlalchemy.dialects import postgresql, sqlite

from domain.draft import Recorded
from domain.events import ActivityTracked
from domain.identifiers import ProfileId
from domain.profile import Profile

POISON = "Poison"
"""An activity of this name cannot be folded, unless the projection takes it."""


class Poisoned(Exception):
    """The event that no fold can take."""

    def __init__(self) -> None:
        super().__init__("this one cannot be counted")


class Counting:
    """Counts: what is folded twice, or not at all, shows."""

    name = "counting"

    def __init__(
        self, version: int = 1, name: str = "counting", *, takes_poison: bool = False
    ) -> None:
        self.name = name
        self.version = version
        self._takes_poison = takes_poison

    def declare(self, metadata: MetaData, prefix: str) -> None:
        if f"{prefix}streams" in metadata.tables:
            return
        Table(
            f"{prefix}streams",
            metadata,
            Column("stream", Uuid, primary_key=True),
            Column("events", Integer, nullable=False),
            Column("version", Integer, nullable=False),
        )
        Table(
            f"{prefix}names",
            metadata,
            Column("name", String, primary_key=True),
            Column("activities", Integer, nullable=False),
        )

    def open(
        self, metadata: MetaData, prefix: str, recall: Callable[[ProfileId, int], Profile]
    ) -> "CountingFold":
        streams, names = metadata.tables[f"{prefix}streams"], metadata.tables[f"{prefix}names"]
        return CountingFold(streams, names, recall, takes_poison=self._takes_poison)


class CountingFold:
    """Adds up; keeps the version of each stream in memory, as a cache does."""

    def __init__(
        self,
        streams: Table,
        names: Table,
        recall: Callable[[ProfileId, int], Profile],
        *,
        takes_poison: bool,
    ) -> None:
        self._streams = streams
        self._names = names
        self._recall = recall
        self._takes_poison = takes_poison
        self._versions: dict[ProfileId, int] = {}

    def fold(self, connection: Connection, page: Sequence[tuple[int, Recorded]]) -> None:
        streams, names = Counter[ProfileId](), Counter[str]()
        for _, recorded in page:
            streams[recorded.profile_id] += 1
            known = self._versions.get(recorded.profile_id)
            assert known in {None, recorded.version - 1}, "an event was left out or came twice"
            self._versions[recorded.profile_id] = recorded.version
            if isinstance(recorded.event, ActivityTracked):
                if recorded.event.name == POISON and not self._takes_poison:
                    raise Poisoned
                names[recorded.event.name] += 1
        insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        for stream, events in sorted(streams.items()):  # two who write wait for each other's rows
            row = {"stream": stream, "events": events, "version": self._versions[stream]}
            grown = insert(self._streams).values(row)
            connection.execute(
                grown.on_conflict_do_update(
                    index_elements=["stream"],
                    set_={
                        "events": self._streams.c.events + grown.excluded.events,
                        "version": grown.excluded.version,
                    },
                )
            )
        for name, activities in sorted(names.items()):
            added = insert(self._names).values(name=name, activities=activities)
            connection.execute(
                added.on_conflict_do_update(
                    index_elements=["name"],
                    set_={"activities": self._names.c.activities + added.excluded.activities},
                )
            )

    def forget(self) -> None:
        self._versions.clear()
