"""The embedded backend: log, directory, keys, books, leases and counters in one file."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from eventsourcing.persistence import (
    IntegrityError,
    PersistenceError,
    ProgrammingError,
    StoredEvent,
)
from eventsourcing.sqlite import SQLiteCursor

from store.backend import Entry, Lease, Link, LogRow, Place, Snapshot, Write
from store.errors import Conflict, Fenced, NewerSchema, StoreUnavailable
from store.sqlite.datastore import durable
from store.sqlite.recorder import LogRecorder
from store.sqlite.schema import EVENTS, VERSION

_MANY = 500
"""Ids asked for in one statement; SQLite takes far more, but plans them no better."""

_LOG_ROW = "position, originator_id, originator_version, topic, state"


class BatchRecorder(LogRecorder):
    """Writes the rest of a batch in the transaction of its events."""

    def _insert_events(
        self, c: SQLiteCursor, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int]:
        write: Write | None = kwargs.get("write")
        if write is None:
            return super()._insert_events(c, stored_events)
        _check_lease(c, write.lease)
        _write_books(c, write.books)
        _write_directory(c, write)
        positions = super()._insert_events(c, stored_events)
        _write_tallies(c, write)
        write.accepted()
        return positions


class SqliteBackend:
    """`store.backend.Backend` on one SQLite file."""

    def __init__(self, path: Path, synchronous: str = "full") -> None:
        self.path = path
        self._datastore = durable(str(path), synchronous)
        self._recorder = BatchRecorder(self._datastore)

    def create(self) -> None:
        """Make the tables that are not there yet; see `check` for what it raises first."""
        self.check()
        with _reported():
            self._recorder.create_table()
        if self.get("schema") is None:
            self.put("schema", b"%d" % VERSION)

    def check(self) -> None:
        """Raise `NewerSchema` for a file that a later version wrote; nothing is changed then."""
        if self._row("SELECT 1 FROM sqlite_master WHERE name = 'meta'") is None:
            return
        found = int(self.get("schema") or 0)
        if found > VERSION:
            raise NewerSchema(self.path.parent, found, VERSION)

    def write(self, write: Write) -> int:
        """Commit a batch; see `Backend.write`."""
        with _reported():
            positions = self._recorder.insert_events(write.events, write=write)  # type: ignore[arg-type]  # a `Sealed` has all that is asked of it
        return positions[-1] if positions else self.position()

    def take_lease(self, name: str, owner: str) -> Lease:
        """Raise the epoch of a lease."""
        statement = (
            "INSERT INTO leases VALUES (?, 1, ?) ON CONFLICT (name) "
            "DO UPDATE SET epoch = epoch + 1, owner = excluded.owner RETURNING epoch"
        )
        with _reported(), self._datastore.transaction(commit=True) as c:
            c.execute(statement, (name, owner))
            return Lease(name, c.fetchone()[0])

    def find(self, kind: str, values: Sequence[str]) -> dict[str, Entry]:
        """Look up directory rows."""
        query = "SELECT value, profile_id, owner FROM directory WHERE kind = ? AND value IN ({})"
        return {
            value: Entry(UUID(bytes=profile_id), owner)
            for value, profile_id, owner in self._rows(query, values, kind)
        }

    def owners(self, uids: Sequence[str]) -> dict[str, str]:
        """Give the CIDs of those UIDs that are folded."""
        query = (
            "SELECT value, owner FROM directory "
            "WHERE kind = 'uid' AND owner IS NOT NULL AND value IN ({})"
        )
        return dict(self._rows(query, uids))

    def key(self, profile_id: UUID) -> bytes | None:
        """Give the wrapped data key of a stream."""
        row = self._row("SELECT wrapped FROM keys WHERE profile_id = ?", profile_id.bytes)
        return None if row is None else row[0]

    def snapshot(self, profile_id: UUID) -> Snapshot | None:
        """Give the latest snapshot of a stream."""
        query = "SELECT version, state FROM snapshots WHERE profile_id = ?"
        row = self._row(query, profile_id.bytes)
        return None if row is None else Snapshot(*row)

    def snapshots(self, profile_ids: Iterable[UUID]) -> dict[UUID, Snapshot]:
        """Give the latest snapshots of many streams."""
        query = "SELECT profile_id, version, state FROM snapshots WHERE profile_id IN ({})"
        ids = [profile_id.bytes for profile_id in profile_ids]
        return {UUID(bytes=of): Snapshot(*rest) for of, *rest in self._rows(query, ids)}

    def version(self, profile_id: UUID) -> int:
        """Tell how many events a stream has."""
        query = f"SELECT MAX(originator_version) FROM {EVENTS} WHERE originator_id = ?"
        row = self._row(query, profile_id.bytes)
        return (row and row[0]) or 0

    def versions(self, profile_ids: Iterable[UUID]) -> dict[UUID, int]:
        """Tell how many events each stream has."""
        query = (
            f"SELECT originator_id, MAX(originator_version) FROM {EVENTS} "
            "WHERE originator_id IN ({}) GROUP BY originator_id"
        )
        rows = self._rows(query, [profile_id.bytes for profile_id in profile_ids])
        return {UUID(bytes=profile_id): version for profile_id, version in rows}

    def stream(
        self, profile_id: UUID, after: int = 0, upto: int | None = None
    ) -> Sequence[StoredEvent]:
        """Read a stream between two versions."""
        with _reported():
            return self._recorder.select_events(profile_id, gt=after, lte=upto)

    def streams(self, after: Mapping[UUID, int]) -> dict[UUID, list[StoredEvent]]:
        """Read many streams: here a question costs next to nothing, so each gets its own."""
        found = {of: list(self.stream(of, version)) for of, version in after.items()}
        return {of: events for of, events in found.items() if events}

    def positioned(self, profile_ids: Iterable[UUID]) -> list[tuple[int, StoredEvent]]:
        """Read whole streams with positions."""
        query = (
            "SELECT position, originator_id, originator_version, topic, state "
            f"FROM {EVENTS} WHERE originator_id IN ({{}})"
        )
        found = [
            (position, StoredEvent(UUID(bytes=originator_id), *rest))
            for position, originator_id, *rest in self._rows(
                query, [profile_id.bytes for profile_id in profile_ids]
            )
        ]
        return sorted(found, key=lambda pair: pair[0])

    def page(self, after: int, limit: int) -> list[LogRow]:
        """Read a page of the log."""
        query = f"SELECT {_LOG_ROW} FROM {EVENTS} WHERE position > ? ORDER BY position LIMIT ?"
        return self._log_rows(query, after, limit)

    def slice(self, after: Place, end: UUID | None, upto: int, limit: int) -> list[LogRow]:
        """Read a run of streams through the unique index."""
        before = "" if end is None else "AND originator_id < ? "
        query = (
            f"SELECT {_LOG_ROW} FROM {EVENTS} "
            f"WHERE (originator_id, originator_version) > (?, ?) {before}"
            "AND +position <= ? "  # the plus keeps SQLite from reading by position
            "ORDER BY originator_id, originator_version LIMIT ?"
        )
        ends = () if end is None else (end.bytes,)
        return self._log_rows(query, after[0].bytes, after[1], *ends, upto, limit)

    def bounds(self, streams: int) -> list[UUID]:
        """Give the first id of each run of streams."""
        query = (
            "SELECT profile_id FROM (SELECT profile_id, "
            "ROW_NUMBER() OVER (ORDER BY profile_id) - 1 AS number FROM keys) "
            "WHERE number % ? = 0 ORDER BY profile_id"
        )
        with self._reading() as c:
            c.execute(query, (streams,))
            return [UUID(bytes=profile_id) for (profile_id,) in c.fetchall()]

    def keys(self, profile_ids: Iterable[UUID]) -> dict[UUID, bytes]:
        """Give the wrapped data keys of many streams."""
        query = "SELECT profile_id, wrapped FROM keys WHERE profile_id IN ({})"
        rows = self._rows(query, [profile_id.bytes for profile_id in profile_ids])
        return {UUID(bytes=profile_id): wrapped for profile_id, wrapped in rows}

    def books(self, links: Sequence[Link]) -> dict[Link, tuple[int, bytes]]:
        """Read link books."""
        rows = self._rows("SELECT link, version, book FROM books WHERE link IN ({})", links)
        return {link: (version, book) for link, version, book in rows}

    def tallies(self) -> Mapping[str, int]:
        """Add up the counters."""
        query = "SELECT name, SUM(count) FROM tallies GROUP BY name"
        with _reported(), self._datastore.transaction(commit=False) as c:
            c.execute(query)
            return dict(c.fetchall())

    def position(self) -> int:
        """Give the highest position."""
        with _reported():
            return self._recorder.max_notification_id() or 0

    def get(self, name: str) -> bytes | None:
        """Read one of the deployment's own values."""
        row = self._row("SELECT value FROM meta WHERE name = ?", name)
        return None if row is None else row[0]

    def put(self, name: str, value: bytes) -> None:
        """Write one of the deployment's own values."""
        with _reported(), self._datastore.transaction(commit=True) as c:
            c.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def swap(self, name: str, old: bytes | None, new: bytes) -> bool:
        """Write one of the deployment's own values unless somebody else did."""
        with _reported(), self._datastore.transaction(commit=True) as c:
            if old is None:
                c.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (name, new))
            else:
                query = "UPDATE meta SET value = ? WHERE name = ? AND value = ?"
                c.execute(query, (new, name, old))
            return bool(c.sqlite_cursor.rowcount)

    def close(self) -> None:
        """Close every connection."""
        self._datastore.close()

    @contextmanager
    def _reading(self) -> Iterator[SQLiteCursor]:
        """Give a cursor for one statement, which needs no transaction around it."""
        with (
            _reported(),
            self._datastore.get_connection(commit=False) as connection,
            connection.cursor() as cursor,
        ):
            yield SQLiteCursor(cursor)

    def _row(self, query: str, *params: object) -> Sequence[Any] | None:
        with self._reading() as c:
            c.execute(query, params)
            row: Sequence[Any] | None = c.fetchone()
            return row

    def _log_rows(self, query: str, *params: object) -> list[LogRow]:
        with self._reading() as c:
            c.execute(query, params)
            # Plain tuples: the library's rows by name cost more than reading them.
            c.sqlite_cursor.row_factory = None
            rows: list[LogRow] = c.fetchall()
            return rows

    def _rows(self, query: str, values: Sequence[object], *params: object) -> Iterator[Any]:
        for start in range(0, len(values), _MANY):
            some = values[start : start + _MANY]
            with self._reading() as c:
                c.execute(query.format(", ".join("?" * len(some))), (*params, *some))
                yield from c.fetchall()


@contextmanager
def _reported() -> Iterator[None]:
    """Say what the library's and the driver's errors mean to a caller of the store."""
    try:
        yield
    except (IntegrityError, sqlite3.IntegrityError) as error:
        raise Conflict(str(error)) from error
    except ProgrammingError:
        raise
    except (PersistenceError, sqlite3.Error) as error:
        raise StoreUnavailable(str(error)) from error


def _check_lease(c: SQLiteCursor, lease: Lease) -> None:
    c.execute("SELECT epoch FROM leases WHERE name = ?", (lease.name,))
    row = c.fetchone()
    if row is None or row[0] != lease.epoch:
        raise Fenced(lease.name, lease.epoch, 0 if row is None else row[0])


def _write_books(c: SQLiteCursor, books: Sequence[tuple[Link, int, bytes]]) -> None:
    new = [(link, book) for link, version, book in books if version == 0]
    known = [(book, link, version) for link, version, book in books if version]
    c.executemany("INSERT INTO books VALUES (?, 1, ?)", new)
    c.executemany(
        "UPDATE books SET version = version + 1, book = ? WHERE link = ? AND version = ?", known
    )
    if known and c.sqlite_cursor.rowcount != len(known):
        raise Conflict(f"one of {len(known)} link books is no longer at the version that was read")


def _write_directory(c: SQLiteCursor, write: Write) -> None:
    if write.born:
        rows = [(kind, value, profile_id.bytes) for kind, value, profile_id in write.born]
        c.executemany("INSERT INTO directory VALUES (?, ?, ?, NULL)", rows)
    if write.keys:
        keys = [(profile_id.bytes, wrapped) for profile_id, wrapped in write.keys]
        c.executemany("INSERT INTO keys VALUES (?, ?)", keys)
    if write.owners:
        owners = [(cid, uid) for uid, cid in write.owners]
        c.executemany("UPDATE directory SET owner = ? WHERE kind = 'uid' AND value = ?", owners)
    for profile_id, snapshot in write.snapshots:
        row = (profile_id.bytes, snapshot.version, snapshot.state)
        c.execute("INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?)", row)


def _write_tallies(c: SQLiteCursor, write: Write) -> None:
    rows = [(write.lease.name, name, count) for name, count in write.tallies.items() if count]
    c.executemany(
        "INSERT INTO tallies VALUES (?, ?, ?) "
        "ON CONFLICT (host, name) DO UPDATE SET count = count + excluded.count",
        rows,
    )
