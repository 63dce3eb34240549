"""Connections to the database: as many as are used at once, each kept for the next who asks.

A pool with threads of its own would hide why a server cannot be reached behind "none in time",
and come back late; this one says so at once, and connects again with the next call.
"""

import select
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.pq import TransactionStatus
from psycopg.rows import DictRow, dict_row

LOCK_TIMEOUT_MS = 10_000
"""How long a statement waits for a lock that somebody else holds."""

IDLE_TIMEOUT_MS = 5_000
"""How long the server lets a transaction wait for a client that froze or was cut off, before it
ends it: as long, whoever comes after that host waits for its lease. Ours never wait that long."""

_SESSION = """
SELECT set_config('lock_timeout', %s, false),
    set_config('tcp_keepalives_idle', '5', false),
    set_config('tcp_keepalives_interval', '2', false),
    set_config('tcp_keepalives_count', '3', false),
    set_config('idle_in_transaction_session_timeout', %s, false),
    set_config('default_transaction_isolation', 'read committed', false),
    CASE WHEN %s THEN set_config('synchronous_commit', 'off', false)
        WHEN current_setting('synchronous_commit') IN ('off', 'local')
        THEN set_config('synchronous_commit', 'on', false) END
"""
"""A 200 promises durability, whatever the server's own default; unless told not to.

A client that is gone without a word is found out by TCP in 11 s, not in two hours.
"""


class Connections:
    """Lends connections; any thread may ask. Has the methods of the pool that the library uses."""

    def __init__(self, conninfo: str, synchronous: str) -> None:
        self._conninfo = conninfo
        self._session = (str(LOCK_TIMEOUT_MS), str(IDLE_TIMEOUT_MS), synchronous == "normal")
        self._idle: deque[Connection[DictRow]] = deque()
        self._is_closed = False

    def open(self, *_: Any) -> None:
        """Do nothing: the first who asks connects."""

    @contextmanager
    def connection(self) -> Iterator[Connection[DictRow]]:
        """Lend a connection in autocommit mode; raises `psycopg.OperationalError` at once."""
        connection = self._kept() or self._connected()
        try:
            yield connection
        finally:
            self._take_back(connection)

    def close(self) -> None:
        """Close what is idle, and whatever comes back later."""
        self._is_closed = True
        self._close_idle()

    def _kept(self) -> Connection[DictRow] | None:
        while (connection := self._popped()) is not None:
            if _is_alive(connection):
                return connection
            connection.close()
        return None

    def _popped(self) -> Connection[DictRow] | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _connected(self) -> Connection[DictRow]:
        connection = Connection[DictRow].connect(
            self._conninfo, autocommit=True, row_factory=dict_row
        )
        try:
            connection.execute(_SESSION, self._session)
        except BaseException:
            connection.close()
            raise
        return connection

    def _take_back(self, connection: Connection[DictRow]) -> None:
        if connection.closed:
            return
        with suppress(psycopg.Error):
            connection.rollback()
        is_clean = connection.info.transaction_status == TransactionStatus.IDLE
        if self._is_closed or not is_clean:
            connection.close()
        else:
            self._idle.append(connection)

    def _close_idle(self) -> None:
        while (connection := self._popped()) is not None:
            connection.close()


def _is_alive(connection: Connection[DictRow]) -> bool:
    """Tell whether an idle connection can be used; asks the server only if it has said something.

    A server that ends a connection says so; one that is silent and gone is found out later.
    """
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if not poll.poll(0):
        return True
    try:
        connection.execute("SELECT 1")
    except psycopg.Error:
        return False
    return True
