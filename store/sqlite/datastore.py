"""Connections to the file: durable, write-ahead, and honest about who may write."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from eventsourcing.persistence import InterfaceError
from eventsourcing.sqlite import (
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteDatastore,
    SQLiteTransaction,
)

CHECKPOINT_PAGES = 20_000
"""Frequent checkpoints of random pages are what limits SQLite (design D4)."""

CACHE_KIB = 65_536
STATEMENTS = 128
"""Statements a connection keeps prepared: more than a host has."""

LOCK_TIMEOUT = 30


class ImmediateTransaction(SQLiteTransaction):
    """Takes the write lock at once, so that what is read before writing stays true."""

    def __enter__(self) -> SQLiteCursor:
        cursor = self.connection.cursor()
        cursor.execute("BEGIN IMMEDIATE")
        return cursor


class DurableConnection(SQLiteConnection):
    """A connection whose writing transactions begin with the lock."""

    @contextmanager
    def transaction(self, *, commit: bool) -> Iterator[SQLiteCursor]:
        """Open a transaction: immediate to write, deferred to read."""
        kind = ImmediateTransaction if commit else SQLiteTransaction
        with kind(self, commit=commit) as cursor, cursor:
            yield cursor


class DurablePool(SQLiteConnectionPool):
    """Makes connections with our pragmas, which keep their statements prepared."""

    def __init__(self, path: str, synchronous: str) -> None:
        super().__init__(db_name=path, lock_timeout=LOCK_TIMEOUT)
        self._synchronous = synchronous

    def _create_connection(self) -> SQLiteConnection:
        """Open the file. The library's own way would keep a single statement prepared."""
        try:
            raw = sqlite3.connect(
                self.db_name,
                timeout=LOCK_TIMEOUT,
                isolation_level=None,  # transactions begin and end where we say so
                check_same_thread=False,
                cached_statements=STATEMENTS,
            )
        except sqlite3.Error as error:
            raise InterfaceError(error) from error
        raw.row_factory = sqlite3.Row
        try:
            raw.execute("PRAGMA journal_mode=WAL")
            raw.execute(f"PRAGMA synchronous={self._synchronous}")
            raw.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
            raw.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
        except sqlite3.Error as error:
            raw.close()
            raise InterfaceError(error) from error
        return DurableConnection(sqlite_conn=raw, max_age=self.max_age)


def durable(path: str, synchronous: str = "full") -> SQLiteDatastore:
    """Open a datastore on one file. `synchronous` is `full` or `normal`."""
    datastore = SQLiteDatastore(path)
    datastore.pool.close()
    datastore.pool = DurablePool(path, synchronous)
    return datastore
