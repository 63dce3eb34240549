"""What is written with the events of a batch, in their transaction."""

from collections.abc import Sequence
from typing import Any

from eventsourcing.persistence import StoredEvent
from psycopg import Cursor
from psycopg.rows import DictRow

from store.backend import Lease, Write
from store.errors import Conflict, Fenced
from store.postgres.recorder import LogRecorder

# Held to the end of the transaction: whoever takes the lease waits for this batch, or fences it.
_LEASE = "SELECT epoch FROM onefold.leases WHERE name = %s FOR SHARE"

_BOOKS_NEW = """
INSERT INTO onefold.books
SELECT link, 1, book FROM unnest(%b::text[], %b::bytea[]) AS new(link, book)
"""
_BOOKS_KNOWN = """
UPDATE onefold.books SET version = books.version + 1, book = new.book
FROM unnest(%b::text[], %b::bytea[], %b::bigint[]) AS new(link, book, version)
WHERE books.link = new.link AND books.version = new.version RETURNING 1
"""
_BORN = """
INSERT INTO onefold.directory SELECT * FROM unnest(%b::text[], %b::text[], %b::uuid[])
"""
_KEYS = "INSERT INTO onefold.keys SELECT * FROM unnest(%b::uuid[], %b::bytea[])"
_OWNERS = """
UPDATE onefold.directory SET owner = new.owner
FROM unnest(%b::text[], %b::text[]) AS new(uid, owner) WHERE kind = 'uid' AND value = new.uid
"""
_SNAPSHOTS = """
INSERT INTO onefold.snapshots SELECT * FROM unnest(%b::uuid[], %b::bigint[], %b::bytea[])
ON CONFLICT (profile_id) DO UPDATE SET version = excluded.version, state = excluded.state
"""
_TALLIES = """
INSERT INTO onefold.tallies AS t SELECT %b, * FROM unnest(%b::text[], %b::bigint[])
ON CONFLICT (host, name) DO UPDATE SET count = t.count + excluded.count
"""


class BatchRecorder(LogRecorder):
    """Writes the rest of a batch in the transaction of its events.

    Every batch touches the tables in this order and the rows of each in the order of their keys,
    so that two of them wait for each other in one direction only.
    """

    def _insert_events(
        self,
        curs: Cursor[DictRow],
        stored_events: Sequence[StoredEvent],  # noqa: ARG002 - the library's signature
        **kwargs: Any,
    ) -> None:
        write: Write | None = kwargs.get("write")
        if write is None:
            return
        connection = curs.connection
        with connection.cursor() as lease, connection.cursor() as books:
            lease.execute(_LEASE, [write.lease.name], prepare=True)
            known = _write_books(curs, books, write)
            _write_directory(curs, write)
            _write_tallies(curs, write)
            _check_lease(lease, write.lease)
            if known and len(books.fetchall()) != known:
                raise Conflict(f"one of {known} link books is not at the version that was read")


def _check_lease(c: Cursor[DictRow], lease: Lease) -> None:
    row = c.fetchone()
    if row is None or row["epoch"] != lease.epoch:
        raise Fenced(lease.name, lease.epoch, 0 if row is None else row["epoch"])


def _write_books(c: Cursor[DictRow], updated: Cursor[DictRow], write: Write) -> int:
    """Write link books; gives how many rows the second cursor must tell of."""
    books = sorted(write.books)
    new = [(link, book) for link, version, book in books if version == 0]
    known = [(link, book, version) for link, version, book in books if version]
    _run(c, _BOOKS_NEW, new)
    _run(updated, _BOOKS_KNOWN, known)
    return len(known)


def _write_directory(c: Cursor[DictRow], write: Write) -> None:
    _run(c, _BORN, sorted(write.born))
    _run(c, _KEYS, sorted(write.keys))
    _run(c, _OWNERS, sorted(write.owners))
    snapshots = [(profile_id, taken.version, taken.state) for profile_id, taken in write.snapshots]
    _run(c, _SNAPSHOTS, sorted(snapshots))


def _write_tallies(c: Cursor[DictRow], write: Write) -> None:
    _run(
        c,
        _TALLIES,
        sorted((n, count) for n, count in write.tallies.items() if count),
        write.lease.name,
    )


def _run(
    c: Cursor[DictRow], statement: str, rows: Sequence[tuple[Any, ...]], *params: object
) -> None:
    """Run a statement over rows, which travel as one array a column."""
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        c.execute(statement.encode(), [*params, *columns], prepare=True)
