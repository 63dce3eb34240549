"""The backend on PostgreSQL: log, directory, keys, books, leases and counters in one schema."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from eventsourcing.persistence import (
    DataError,
    IntegrityError,
    PersistenceError,
    ProgrammingError,
    StoredEvent,
)
from psycopg import errors
from psycopg.rows import tuple_row

from store.backend import Entry, Lease, Link, LogRow, Place, Snapshot, Write
from store.errors import Conflict, StoreUnavailable
from store.postgres import schema
from store.postgres.address import conninfo, shown
from store.postgres.datastore import Datastore
from store.postgres.recorder import LogRecorder

_LOG_ROW = "notification_id, originator_id, originator_version, topic, state"

_LOST_RACES = (errors.DeadlockDetected, errors.SerializationFailure)
_TAKEN_AWAY = (errors.InsufficientPrivilege, errors.InvalidSchemaName, errors.UndefinedTable)


class PostgresBackend:
    """`store.backend.Backend` on one PostgreSQL database.

    When the connection is lost while a batch is being committed, `StoreUnavailable` leaves open
    whether it was; reading the profiles again tells. A write holds the lock of the log only from
    its last insert to its commit.
    """

    def __init__(self, address: str, synchronous: str = "full") -> None:
        self.where = shown(address)
        self._address = address
        self._datastore = Datastore(conninfo(address), synchronous)
        self._recorder = LogRecorder(self._datastore)

    def check(self) -> None:
        """Raise unless the database is there, ours, of this version and open to us."""
        with schema.connected(self._address) as connection:
            schema.check(connection, self.where)

    def write(self, write: Write) -> int:
        """Commit a batch; see `Backend.write`."""
        with _reported():
            positions = self._recorder.insert_events(write.events, write=write)  # type: ignore[arg-type]  # a `Sealed` has all that is asked of it
        write.accepted()
        return positions[-1] if positions else self.position()

    def take_lease(self, name: str, owner: str) -> Lease:
        """Raise the epoch of a lease; waits for a batch that is being written under it."""
        statement = (
            "INSERT INTO onefold.leases AS l VALUES (%s, 1, %s) ON CONFLICT (name) "
            "DO UPDATE SET epoch = l.epoch + 1, owner = excluded.owner RETURNING epoch"
        )
        [(epoch,)] = self._rows(statement, name, owner)
        return Lease(name, epoch)

    def find(self, kind: str, values: Sequence[str]) -> dict[str, Entry]:
        """Look up directory rows."""
        query = (
            "SELECT value, profile_id, owner FROM onefold.directory "
            "WHERE kind = %s AND value = ANY(%s)"
        )
        return {value: Entry(*rest) for value, *rest in self._rows(query, kind, list(values))}

    def owners(self, uids: Sequence[str]) -> dict[str, str]:
        """Give the CIDs of those UIDs that are folded."""
        query = (
            "SELECT value, owner FROM onefold.directory "
            "WHERE kind = 'uid' AND owner IS NOT NULL AND value = ANY(%s)"
        )
        return dict(self._rows(query, list(uids)))

    def key(self, profile_id: UUID) -> bytes | None:
        """Give the wrapped data key of a stream."""
        row = self._row("SELECT wrapped FROM onefold.keys WHERE profile_id = %s", profile_id)
        return None if row is None else row[0]

    def keys(self, profile_ids: Iterable[UUID]) -> dict[UUID, bytes]:
        """Give the wrapped data keys of many streams."""
        query = "SELECT profile_id, wrapped FROM onefold.keys WHERE profile_id = ANY(%s)"
        return dict(self._rows(query, list(profile_ids)))

    def snapshot(self, profile_id: UUID) -> Snapshot | None:
        """Give the latest snapshot of a stream."""
        query = "SELECT version, state FROM onefold.snapshots WHERE profile_id = %s"
        row = self._row(query, profile_id)
        return None if row is None else Snapshot(*row)

    def snapshots(self, profile_ids: Iterable[UUID]) -> dict[UUID, Snapshot]:
        """Give the latest snapshots of many streams."""
        query = (
            "SELECT profile_id, version, state FROM onefold.snapshots WHERE profile_id = ANY(%s)"
        )
        return {of: Snapshot(*rest) for of, *rest in self._rows(query, list(profile_ids))}

    def version(self, profile_id: UUID) -> int:
        """Tell how many events a stream has."""
        query = "SELECT MAX(originator_version) FROM onefold.events WHERE originator_id = %s"
        row = self._row(query, profile_id)
        return (row and row[0]) or 0

    def versions(self, profile_ids: Iterable[UUID]) -> dict[UUID, int]:
        """Tell how many events each stream has."""
        query = (
            "SELECT originator_id, MAX(originator_version) FROM onefold.events "
            "WHERE originator_id = ANY(%s) GROUP BY originator_id"
        )
        return dict(self._rows(query, list(profile_ids)))

    def stream(
        self, profile_id: UUID, after: int = 0, upto: int | None = None
    ) -> Sequence[StoredEvent]:
        """Read a stream between two versions."""
        query = (
            "SELECT originator_version, topic, state FROM onefold.events WHERE originator_id = %s "
            "AND originator_version > %s AND originator_version <= %s ORDER BY originator_version"
        )
        rows = self._rows(query, profile_id, after, 2**62 if upto is None else upto)
        return [StoredEvent(profile_id, *row) for row in rows]

    def streams(self, after: Mapping[UUID, int]) -> dict[UUID, list[StoredEvent]]:
        """Read many streams, each behind a version of its own."""
        query = (
            "SELECT originator_id, originator_version, topic, state "
            "FROM unnest(%s::uuid[], %s::bigint[]) AS wanted(id, after) JOIN onefold.events "
            "ON originator_id = id AND originator_version > after "
            "ORDER BY originator_id, originator_version"
        )
        found: dict[UUID, list[StoredEvent]] = {}
        for row in self._rows(query, list(after), list(after.values())):
            found.setdefault(row[0], []).append(StoredEvent(*row))
        return found

    def positioned(self, profile_ids: Iterable[UUID]) -> list[tuple[int, StoredEvent]]:
        """Read whole streams with positions."""
        query = (
            f"SELECT {_LOG_ROW} FROM onefold.events WHERE originator_id = ANY(%s) "
            "ORDER BY notification_id"
        )
        rows = self._rows(query, list(profile_ids))
        return [(position, StoredEvent(*rest)) for position, *rest in rows]

    def page(self, after: int, limit: int) -> list[LogRow]:
        """Read a page of the log."""
        query = (
            f"SELECT {_LOG_ROW} FROM onefold.events WHERE notification_id > %s "
            "ORDER BY notification_id LIMIT %s"
        )
        return self._log_rows(query, after, limit)

    def slice(self, after: Place, end: UUID | None, upto: int, limit: int) -> list[LogRow]:
        """Read a run of streams through the primary key."""
        before = "" if end is None else "AND originator_id < %s "
        query = (
            f"SELECT {_LOG_ROW} FROM onefold.events "
            f"WHERE (originator_id, originator_version) > (%s, %s) {before}"
            "AND notification_id <= %s ORDER BY originator_id, originator_version LIMIT %s"
        )
        ends = () if end is None else (end,)
        return self._log_rows(query, *after, *ends, upto, limit)

    def bounds(self, streams: int) -> list[UUID]:
        """Give the first id of each run of streams."""
        query = (
            "SELECT profile_id FROM (SELECT profile_id, "
            "ROW_NUMBER() OVER (ORDER BY profile_id) - 1 AS number FROM onefold.keys) AS numbered "
            "WHERE number %% %s = 0 ORDER BY profile_id"
        )
        return [profile_id for (profile_id,) in self._rows(query, streams)]

    def books(self, links: Sequence[Link]) -> dict[Link, tuple[int, bytes]]:
        """Read link books."""
        query = "SELECT link, version, book FROM onefold.books WHERE link = ANY(%s)"
        return {link: (version, book) for link, version, book in self._rows(query, list(links))}

    def tallies(self) -> Mapping[str, int]:
        """Add up the counters."""
        query = "SELECT name, SUM(count)::bigint FROM onefold.tallies GROUP BY name"
        return dict(self._rows(query))

    def position(self) -> int:
        """Give the highest position."""
        row = self._row("SELECT MAX(notification_id) FROM onefold.events")
        return (row and row[0]) or 0

    def get(self, name: str) -> bytes | None:
        """Read one of the deployment's own values."""
        row = self._row("SELECT value FROM onefold.meta WHERE name = %s", name)
        return None if row is None else row[0]

    def put(self, name: str, value: bytes) -> None:
        """Write one of the deployment's own values."""
        self._rows(
            "INSERT INTO onefold.meta VALUES (%s, %s) "
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value RETURNING name",
            name,
            value,
        )

    def swap(self, name: str, old: bytes | None, new: bytes) -> bool:
        """Write one of the deployment's own values unless somebody else did."""
        if old is None:
            query = "INSERT INTO onefold.meta VALUES (%s, %s) ON CONFLICT DO NOTHING RETURNING name"
            return bool(self._rows(query, name, new))
        query = "UPDATE onefold.meta SET value = %s WHERE name = %s AND value = %s RETURNING name"
        return bool(self._rows(query, new, name, old))

    def close(self) -> None:
        """Close every connection."""
        self._datastore.close()

    def _log_rows(self, query: str, *params: object) -> list[LogRow]:
        return [
            (position, stream.bytes, version, topic, state)
            for position, stream, version, topic, state in self._rows(query, *params)
        ]

    def _row(self, query: str, *params: object) -> tuple[Any, ...] | None:
        rows = self._rows(query, *params)
        return rows[0] if rows else None

    def _rows(self, query: str, *params: object) -> list[tuple[Any, ...]]:
        """Run one statement, a transaction of its own, and give all of its rows."""
        with (
            _reported(),
            self._datastore.get_connection() as connection,
            connection.cursor(binary=True, row_factory=tuple_row) as c,
        ):
            return c.execute(query.encode(), params).fetchall()


@contextmanager
def _reported() -> Iterator[None]:
    """Say what the library's and the driver's errors mean to a caller of the store."""
    try:
        yield
    except PersistenceError as error:
        cause, why = error.__cause__, " ".join(str(error).split())
        if isinstance(error, IntegrityError) or isinstance(cause, _LOST_RACES):
            raise Conflict(why) from error
        is_ours = isinstance(error, ProgrammingError | DataError)
        if is_ours and not isinstance(cause, _TAKEN_AWAY):
            raise
        raise StoreUnavailable(why) from error
