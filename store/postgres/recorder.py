"""The event log on PostgreSQL: the library's recorder with whole batches and one try."""

from collections.abc import Sequence
from typing import Any

import psycopg
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder
from psycopg.rows import tuple_row

from store.backend import Write
from store.errors import Conflict, Fenced
from store.postgres.datastore import Datastore
from store.postgres.schema import EVENTS
from store.postgres.writing import CALL, FENCED, STALE, arguments


class LogRecorder(PostgresApplicationRecorder):
    """Appends a batch by one call of `onefold.write`; positions follow commits.

    Passes the library's own conformance suites. What else a `write` holds belongs to the same
    transaction. A failure is not tried again here: callers decide.
    """

    def __init__(self, datastore: Datastore) -> None:
        super().__init__(datastore, events_table_name=EVENTS)

    def insert_events(
        self, stored_events: Sequence[StoredEvent], *, write: Write | None = None, **_: Any
    ) -> Sequence[int] | None:
        """Append events and what comes with them in one transaction; gives their positions.

        Raises `Fenced` and `Conflict` besides what the library's recorders raise.
        """
        with (
            self.datastore.get_connection() as connection,
            connection.cursor(binary=True, row_factory=tuple_row) as c,
        ):
            try:
                c.execute(CALL, arguments(stored_events, write), prepare=True)
            except psycopg.DatabaseError as error:
                raise _meaning(error, write) from error
            [(positions,)] = c.fetchall()
            return positions or []


def _meaning(error: psycopg.DatabaseError, write: Write | None) -> Exception:
    why = error.diag.message_primary or str(error)
    if write is not None and error.sqlstate == FENCED:
        return Fenced(write.lease.name, write.lease.epoch, int(why))
    return Conflict(why) if error.sqlstate == STALE else error
