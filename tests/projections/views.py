"""Every view in an empty database, kept up to date from the log of a world."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import reduce
from typing import Any

from sqlalchemy import Connection, MetaData, select

from domain.attributes import Policies
from domain.draft import Recorded
from domain.events import CallRejected
from domain.identifiers import ProfileId
from domain.profile import DEFAULT_POLICIES, Profile, evolve, initial
from projections import projections
from tests.projections.databases import empty_database

Page = Sequence[tuple[int, Recorded]]


class Views:
    """All projections over one log; each fold has its own memory, as if in its own process."""

    def __init__(self, connection: Connection, policies: Policies, folds: int = 1) -> None:
        self.connection = connection
        self.metadata = MetaData()
        self._policies = policies
        self._log: list[Recorded] = []
        known = projections(policies)
        for projection in known:
            projection.declare(self.metadata, self.prefix(projection.name))
        self.metadata.create_all(connection)
        connection.commit()
        self.folds = [
            [each.open(self.metadata, self.prefix(each.name), self.recall) for each in known]
            for _ in range(folds)
        ]

    def prefix(self, name: str) -> str:
        """Give the prefix of a view's tables."""
        return f"{name}_1_"

    def recall(self, profile_id: ProfileId, version: int) -> Profile:
        """Replay a stream up to a version."""
        events = [
            recorded.event
            for recorded in self._log
            if recorded.profile_id == profile_id and not isinstance(recorded.event, CallRejected)
        ]
        begin = initial(profile_id)
        return reduce(lambda p, e: evolve(p, e, self._policies), events[:version], begin)

    def fold(self, log: Iterable[Recorded], size: int = 1_000) -> None:
        """Fold a whole log, in pages of a size, by the first fold."""
        self._log = list(log)
        for page in pages(self._log, size):
            self.fold_page(page)

    def take(self, log: Iterable[Recorded], deal: Iterable[tuple[int, Page]]) -> None:
        """Fold pages of a log, each by the fold of that number."""
        self._log = list(log)
        for number, page in deal:
            self.fold_page(page, number)

    def fold_page(self, page: Page, number: int = 0) -> None:
        """Fold one page, in a transaction of its own as a follower does."""
        for fold in self.folds[number % len(self.folds)]:
            fold.fold(self.connection, page)
        self.connection.commit()

    def forget(self) -> None:
        """Empty the memory of every fold."""
        for folds in self.folds:
            for fold in folds:
                fold.forget()

    def rows(self, name: str) -> list[dict[str, Any]]:
        """Give a table's rows in the order of their keys, by its name with the prefix."""
        table = self.metadata.tables[name]
        ordered = select(table).order_by(*table.primary_key.columns)
        return [dict(row) for row in self.connection.execute(ordered).mappings()]

    def everything(self) -> dict[str, list[dict[str, Any]]]:
        """Give all rows of all tables."""
        return {name: self.rows(name) for name in sorted(self.metadata.tables)}


def pages(log: Sequence[Recorded], size: int) -> list[Page]:
    """Split a log into pages, each event with its position."""
    placed = list(enumerate(log, start=1))
    return [placed[start : start + size] for start in range(0, len(placed), size)]


@contextmanager
def views(policies: Policies = DEFAULT_POLICIES, folds: int = 1) -> Iterator[Views]:
    """Give empty views."""
    with empty_database() as connection:
        yield Views(connection, policies, folds)


@contextmanager
def folded(log: Sequence[Recorded]) -> Iterator[Views]:
    """Give the views of a log."""
    with views() as found:
        found.fold(log)
        yield found
