"""The event log on PostgreSQL: the library's recorder with whole batches and one try."""

from collections.abc import Sequence
from typing import Any

import psycopg
from eventsourcing.persistence import StoredEvent, Subscription
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresSubscription
from psycopg.rows import tuple_row
from psycopg.sql import SQL, Identifier

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

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[Any]:
        """Give the events behind a position, then each one as it comes."""
        return LogSubscription(recorder=self, gt=gt, topics=topics)

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


class LogSubscription(PostgresSubscription):
    """The library's subscription, without its gap.

    That one reads the log on one thread and listens on another: of an event that is inserted after
    it has read and before it listens, it would hear with the next one.
    """

    def _listen(self) -> None:
        listen = SQL("LISTEN {}").format(Identifier(self._recorder.channel_name))
        try:
            with self._recorder.datastore.get_connection() as connection:
                connection.execute(listen)
                self._has_been_notified.set()  # read again what came until now
                while not self._has_been_stopped and self._thread_error is None:
                    for _ in connection.notifies(timeout=0.1, stop_after=1):
                        self._has_been_notified.set()
        except BaseException as error:  # noqa: BLE001 - it is raised where the events are awaited
            self._thread_error = self._thread_error or error
            self.stop()


def _meaning(error: psycopg.DatabaseError, write: Write | None) -> Exception:
    why = error.diag.message_primary or str(error)
    if write is not None and error.sqlstate == FENCED:
        return Fenced(write.lease.name, write.lease.epoch, int(why))
    return Conflict(why) if error.sqlstate == STALE else error
