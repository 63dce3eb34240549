"""The event log on SQLite: the library's recorder with batches and lasting positions."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from eventsourcing.persistence import Notification, StoredEvent
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteCursor, SQLiteDatastore

from store.sqlite.schema import EVENTS, TABLES

_COLUMNS = "originator_id, originator_version, topic, state"


class LogRecorder(SQLiteApplicationRecorder):
    """Appends whole batches with `executemany`; positions are in commit order, without reuse.

    Passes the library's own conformance suite. What belongs to the same transaction is written
    by a subclass in `_insert_events`.
    """

    def __init__(self, datastore: SQLiteDatastore) -> None:
        super().__init__(datastore, EVENTS)
        self.insert_events_statement = f"INSERT INTO {EVENTS} ({_COLUMNS}) VALUES (?, ?, ?, ?)"
        self.select_max_notification_id_statement = f"SELECT MAX(position) FROM {EVENTS}"

    def construct_create_table_statements(self) -> list[str]:
        """List the statements that make every table of the store."""
        return list(TABLES)

    def _insert_events(
        self, c: SQLiteCursor, stored_events: Sequence[StoredEvent], **_: Any
    ) -> Sequence[int]:
        if not stored_events:
            return []
        rows = [
            (e.originator_id.bytes, e.originator_version, e.topic, e.state)  # type: ignore[union-attr]  # ours are UUIDs
            for e in stored_events
        ]
        c.executemany(self.insert_events_statement, rows)
        c.execute("SELECT last_insert_rowid()")
        last: int = c.fetchone()[0]
        return list(range(last - len(rows) + 1, last + 1))

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """Read one stream between two versions, in either order."""
        assert isinstance(originator_id, UUID)
        statement = (
            f"SELECT originator_version, topic, state FROM {EVENTS} WHERE originator_id = ? "
            "AND originator_version > ? AND originator_version <= ? "
            f"ORDER BY originator_version {'DESC' if desc else 'ASC'} LIMIT ?"
        )
        low = -1 if gt is None else gt
        high = 2**62 if lte is None else lte
        with self.datastore.transaction(commit=False) as c:
            c.execute(statement, (originator_id.bytes, low, high, -1 if limit is None else limit))
            return [StoredEvent(originator_id, *row) for row in c.fetchall()]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Read a page of the log in the order of positions."""
        first = (start or 0) + (0 if inclusive_of_start or start is None else 1)
        params: list[int | str] = [first, 2**62 if stop is None else stop, *topics, limit]
        among = f"AND topic IN ({', '.join('?' * len(topics))}) " if topics else ""
        statement = (
            f"SELECT position, {_COLUMNS} FROM {EVENTS} WHERE position >= ? AND position <= ? "
            f"{among}ORDER BY position LIMIT ?"
        )
        with self.datastore.transaction(commit=False) as c:
            c.execute(statement, params)
            return [_notification(row) for row in c.fetchall()]


def _notification(row: Sequence[Any]) -> Notification:
    position, originator_id, version, topic, state = row
    return Notification(
        id=position,
        originator_id=UUID(bytes=originator_id),
        originator_version=version,
        topic=topic,
        state=state,
    )
