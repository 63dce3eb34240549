"""The event log on PostgreSQL: the library's recorder with whole batches and one try."""

from collections.abc import Sequence
from typing import Any

from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder
from psycopg import Cursor
from psycopg.rows import DictRow

from store.postgres.datastore import Datastore
from store.postgres.schema import EVENTS

_INSERT = """
INSERT INTO onefold.events (originator_id, originator_version, topic, state)
SELECT * FROM unnest(%b::uuid[], %b::bigint[], %b::text[], %b::bytea[])
RETURNING notification_id
"""

WRITE_WITHIN_MS = 15_000
"""How long a batch may take, waiting for locks included.

In the middle of its statements the server waits for a client in a state that the timeout of idle
transactions does not know: a host that froze or was cut off there would keep its lease from its
successor. Known from PostgreSQL 17 on.
"""

KNOWN_FROM = 170_000


class LogRecorder(PostgresApplicationRecorder):
    """Appends a batch as four arrays under the library's lock, so that positions follow commits.

    Passes the library's own conformance suites. What belongs to the same transaction is written
    by a subclass in `_insert_events`, before the lock is taken: while one batch holds it, no
    answer of a client is awaited. A failure is not tried again here: callers decide.
    """

    def __init__(self, datastore: Datastore) -> None:
        super().__init__(datastore, events_table_name=EVENTS)
        self.lock_table_statements = self.lock_table_statements[1:]  # the session has a timeout

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        """Append events and what comes with them in one transaction; gives their positions."""
        with (
            self.datastore.get_connection() as connection,
            connection.pipeline() as pipeline,
            connection.cursor() as inserted,
        ):
            connection.execute("BEGIN")
            if connection.info.server_version >= KNOWN_FROM:
                connection.execute(f"SET LOCAL transaction_timeout = {WRITE_WITHIN_MS}".encode())
            self._insert_events(inserted, stored_events, **kwargs)
            if stored_events:
                self._insert_stored_events(inserted, stored_events)
            connection.execute("COMMIT")
            pipeline.sync()
            if not stored_events:
                return []
            return self._fetch_ids_after_insert_events(inserted, stored_events)

    def _insert_stored_events(
        self, curs: Cursor[DictRow], stored_events: Sequence[StoredEvent], **_: Any
    ) -> None:
        self._lock_table(curs)
        self._notify_channel(curs)
        columns = (
            [event.originator_id for event in stored_events],
            [event.originator_version for event in stored_events],
            [event.topic for event in stored_events],
            [event.state for event in stored_events],
        )
        curs.execute(_INSERT, columns, prepare=True)
