"""One deployment at a time: a lock that the server keeps for as long as we are connected.

What protects the data are the leases of the hosts; this says so early, and to people.
"""

import os
import socket
from collections.abc import Callable
from threading import Event, Thread

import psycopg
import structlog
from psycopg import Connection
from psycopg.rows import TupleRow

from store.errors import DatabaseInUse, StoreUnavailable
from store.postgres import schema
from store.postgres.address import shown

PERIOD = 2.0
KEY = (0xF01D, 2)

_TAKE = "SELECT pg_try_advisory_lock(%s, %s)"
_HOLDER = """
SELECT pid, application_name, to_char(backend_start, 'YYYY-MM-DD HH24:MI')
FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND classid = %s AND objid = %s AND objsubid = 2 AND granted
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
# A machine that vanished is noticed in a minute, not in the two hours of most systems.
_KEEPALIVE = """
SELECT set_config('tcp_keepalives_idle', '30', false),
    set_config('tcp_keepalives_interval', '10', false),
    set_config('tcp_keepalives_count', '3', false)
"""

log = structlog.get_logger()


class DatabaseLock:
    """Holds the database until released, and takes it again when its server was away.

    Raises `DatabaseInUse` for another holder. `lost` is called, once and on a thread of its own,
    when somebody else had it after such an absence.
    """

    def __init__(self, address: str, lost: Callable[[DatabaseInUse], None]) -> None:
        self._address = address
        self._lost = lost
        self._released = Event()
        self._connection = _taken(address)
        self._thread = Thread(target=self._watch, name="database lock", daemon=True)
        self._thread.start()

    def release(self) -> None:
        """Let the next one in."""
        self._released.set()
        self._thread.join()
        self._connection.close()

    def _watch(self) -> None:
        while not self._released.wait(PERIOD):
            if not self._is_held() and not self._taken_again():
                return

    def _is_held(self) -> bool:
        if self._connection.closed:
            return False
        try:
            self._connection.execute("SELECT 1")
        except psycopg.Error as error:
            log.warning("the database lock was lost", why=str(error))
        return not self._connection.closed

    def _taken_again(self) -> bool:
        """Tell whether there is any use in going on."""
        try:
            fresh = _taken(self._address)
        except StoreUnavailable:
            return True
        except DatabaseInUse as error:
            self._lost(error)
            return False
        self._connection = fresh
        log.info("took the database lock again")
        return True


def end_holder(address: str) -> str | None:
    """End the connection of whoever holds the lock; tells who it was, None for nobody."""
    with schema.connected(address) as connection:
        row = connection.execute(_HOLDER, KEY).fetchone()
        if row is None:
            return None
        connection.execute("SELECT pg_terminate_backend(%s)", (row[0],))
        return _told(row)


def _taken(address: str) -> Connection[TupleRow]:
    connection = schema.connection_to(address)
    try:
        _take(connection, address)
    except BaseException:
        connection.close()
        raise
    return connection


def _take(connection: Connection[TupleRow], address: str) -> None:
    connection.autocommit = True
    connection.execute(_KEEPALIVE)
    who = f"onefold on {socket.gethostname()}, pid {os.getpid()}"
    connection.execute("SELECT set_config('application_name', %s, false)", (who,))
    row = connection.execute(_TAKE, KEY).fetchone()
    if row is None or not row[0]:
        holder = connection.execute(_HOLDER, KEY).fetchone()
        raise DatabaseInUse(shown(address), "just gone" if holder is None else _told(holder))


def _told(holder: TupleRow) -> str:
    return f"{holder[1]}, since {holder[2]}"
