"""The seam between Onefold and a database: one Protocol, its guarantees in prose.

Everything here is rows and bytes; what they mean is `store.archive`'s business. All backends
pass one contract suite (`tests/contracts`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol
from uuid import UUID

import msgspec
from eventsourcing.persistence import StoredEvent

Link = str

LogRow = tuple[int, bytes, int, str, bytes]
"""An event as it is stored: position, stream id, version, topic, sealed state."""

Place = tuple[UUID, int]
"""An event by stream and version; version 0 is before the first."""


class Lease(msgspec.Struct, frozen=True):
    """The right of one incarnation to write: valid while `epoch` is the highest of its name."""

    name: str
    epoch: int


class Entry(msgspec.Struct, frozen=True):
    """A directory row: the stream of an id, and the customer a folded UID belongs to."""

    profile_id: UUID
    owner: str | None = None


class Snapshot(msgspec.Struct, frozen=True):
    """A sealed state and the version it was taken at. A cache, never the truth."""

    version: int
    state: bytes


class Sealed(msgspec.Struct, frozen=True, gc=False):
    """An event ready to be written: a `StoredEvent` made in a tenth of its time."""

    originator_id: UUID
    originator_version: int
    topic: str
    state: bytes


class Write(msgspec.Struct):
    """Everything one batch changes, written in one transaction.

    `born` are new directory rows `(kind, value, profile_id)` and `keys` the wrapped data keys
    of new streams; `owners` tells the customer of each folded UID; `books` maps link keys to
    `(version read, new book)`; `tallies` is added to the counters. `accepted` is called once, when
    nobody else's write can refuse this one any more: all that is left is the database's own work.
    """

    lease: Lease
    events: Sequence[StoredEvent | Sealed] = ()
    born: list[tuple[str, str, UUID]] = []
    keys: list[tuple[UUID, bytes]] = []
    owners: list[tuple[str, str]] = []
    books: list[tuple[Link, int, bytes]] = []
    snapshots: list[tuple[UUID, Snapshot]] = []
    tallies: dict[str, int] = {}
    accepted: Callable[[], object] = lambda: None


class Backend(Protocol):
    """A database that keeps one log for all profiles, and what is derived from it.

    * `write` is atomic and durable when it returns. Positions follow the order of commits and
      are never reused. It raises `Fenced` when the lease was taken over, `Conflict` when an
      expected version, a directory row or a book was somebody else's first, and
      `StoreUnavailable` when nothing could be stored; in each case nothing was. Only a connection
      lost during the commit leaves that open: `StoreUnavailable` too, and reading again tells.
      `Write.accepted` is called before the commit where the commit is a step of its own, after it
      where it is not; never when it raises `Fenced` or `Conflict`.
    * Reads see every committed write.
    """

    def write(self, write: Write) -> int:
        """Commit all of it and give the position of the log afterwards."""

    def take_lease(self, name: str, owner: str) -> Lease:
        """Raise the epoch of a lease: whoever held it before can write no more."""

    def find(self, kind: str, values: Sequence[str]) -> dict[str, Entry]:
        """Look up directory rows; what is missing is not in the answer."""

    def owners(self, uids: Sequence[str]) -> dict[str, str]:
        """Give the CIDs of those UIDs that are folded; the others are not in the answer."""

    def key(self, profile_id: UUID) -> bytes | None:
        """Give the wrapped data key of a stream."""

    def snapshot(self, profile_id: UUID) -> Snapshot | None:
        """Give the latest snapshot of a stream."""

    def snapshots(self, profile_ids: Iterable[UUID]) -> dict[UUID, Snapshot]:
        """Give the latest snapshots of those streams that have any."""

    def version(self, profile_id: UUID) -> int:
        """Tell how many events a stream has."""

    def versions(self, profile_ids: Iterable[UUID]) -> dict[UUID, int]:
        """Tell how many events each stream has; a stream without any is not in the answer."""

    def stream(
        self, profile_id: UUID, after: int = 0, upto: int | None = None
    ) -> Sequence[StoredEvent]:
        """Read a stream's events behind a version, in order, up to another version."""

    def streams(self, after: Mapping[UUID, int]) -> dict[UUID, list[StoredEvent]]:
        """Read many streams, each behind a version of its own; empty ones are not in the answer."""

    def positioned(self, profile_ids: Iterable[UUID]) -> list[tuple[int, StoredEvent]]:
        """Read whole streams with each event's position, in the order of positions."""

    def page(self, after: int, limit: int) -> list[LogRow]:
        """Read the log behind a position, in order, at most `limit` events."""

    def slice(self, after: Place, end: UUID | None, upto: int, limit: int) -> list[LogRow]:
        """Read streams one after the other by id, each in order, up to a position of the log.

        Starts behind the event `after`, stops before the stream `end` or at the last one.
        """

    def bounds(self, streams: int) -> list[UUID]:
        """Give the first id of each run of so many streams, in the order of ids."""

    def keys(self, profile_ids: Iterable[UUID]) -> dict[UUID, bytes]:
        """Give the wrapped data keys of many streams; what is missing is not in the answer."""

    def books(self, links: Sequence[Link]) -> dict[Link, tuple[int, bytes]]:
        """Read link books and their versions; what is missing is not in the answer."""

    def tallies(self) -> Mapping[str, int]:
        """Add up the counters."""

    def position(self) -> int:
        """Give the highest position of the log; 0 when it is empty."""

    def get(self, name: str) -> bytes | None:
        """Read one of the deployment's own values."""

    def put(self, name: str, value: bytes) -> None:
        """Write one of the deployment's own values."""

    def swap(self, name: str, old: bytes | None, new: bytes) -> bool:
        """Write a value if it still is `old` (None: not there yet), and tell whether it was."""

    def close(self) -> None:
        """Let go of the database."""
