"""What the actors need of a projection; `projections/` has them, `service` introduces the two."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from domain.draft import Recorded
from domain.identifiers import ProfileId
from domain.profile import Profile

if TYPE_CHECKING:
    from sqlalchemy import Connection, MetaData

Page = Sequence[tuple[int, Recorded]]
"""Events with their positions; those of one stream are in order, without a hole."""

Recall = Callable[[ProfileId, int], Profile]
"""Gives a profile as its stream stood at a version."""


class Fold(Protocol):
    """One generation of a view while it is kept up to date. What it keeps in memory is a cache."""

    def fold(self, connection: "Connection", page: Page) -> None:
        """Fold a page into the tables, inside the transaction of `connection`.

        Each event comes once. Pages of different streams may come in any order and from several
        folds at once, each in a transaction of its own: the rows must come out the same.
        No lock is held before the first statement of `connection`: compute first, then write.
        Raises whatever it likes for an event it cannot take; the transaction is rolled back then.
        """

    def forget(self) -> None:
        """Drop what is in memory: a transaction was rolled back, or somebody else wrote."""


class Projection(Protocol):
    """A named fold of the log into tables of its own, a pure function of the events."""

    @property
    def name(self) -> str:
        """The view's name, for ever."""

    @property
    def version(self) -> int:
        """Which shape of tables and fold this is: raised when a rebuild is needed."""

    def declare(self, metadata: "MetaData", prefix: str) -> None:
        """Add the view's tables and indexes to the metadata, each name with the prefix."""

    def open(self, metadata: "MetaData", prefix: str, recall: Recall) -> Fold:
        """Start folding into the tables that `declare` added under that prefix."""
