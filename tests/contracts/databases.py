"""Databases for the backend contract, and what a test does to them behind a backend's back."""

import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from pathlib import Path
from typing import Protocol

import psycopg

from scripts.postgres import Postgres
from store.backend import Backend
from store.postgres import PostgresBackend
from store.sqlite import SqliteBackend
from tests.controls.databases import fresh_database


class Database(Protocol):
    """One empty database with the store's tables in it."""

    def open(self) -> Backend:
        """Connect once more, as another host would."""

    def drop_newest(self, count: int) -> None:
        """Delete the last events of the log, as no Onefold ever does."""

    def full(self) -> AbstractContextManager[None]:
        """Leave no room for another byte as long as the block runs."""

    def close(self) -> None:
        """Close every connection."""


class SqliteDatabase:
    """A file of the embedded store."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "onefold.db"
        self._opened: list[SqliteBackend] = []

    def open(self) -> Backend:
        """Connect once more, as another host would."""
        backend = SqliteBackend(self._path, synchronous="normal")
        backend.create()
        self._opened.append(backend)
        return backend

    def drop_newest(self, count: int) -> None:
        """Delete the last events of the log."""
        newest = "SELECT position FROM events ORDER BY position DESC LIMIT ?"
        with closing(sqlite3.connect(self._path)) as connection, connection:
            connection.execute(f"DELETE FROM events WHERE position IN ({newest})", (count,))  # noqa: S608 - no input in it

    @contextmanager
    def full(self) -> Iterator[None]:
        """Let no file of this process grow beyond where its write-ahead log is now."""
        size = self._path.with_name(f"{self._path.name}-wal").stat().st_size
        usual = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, usual[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, usual)

    def close(self) -> None:
        """Close every connection."""
        for backend in self._opened:
            backend.close()


class PostgresDatabase:
    """A database on the server of the tests."""

    def __init__(self, server: Postgres) -> None:
        self._server = server
        self._stack = ExitStack()
        self.name = self._stack.enter_context(fresh_database(server))
        self.address = server.address(self.name)

    def open(self) -> Backend:
        """Connect once more, as another host would."""
        backend = PostgresBackend(self.address, synchronous="normal")
        self._stack.callback(backend.close)
        return backend

    def drop_newest(self, count: int) -> None:
        """Delete the last events of the log."""
        newest = "SELECT notification_id FROM onefold.events ORDER BY 1 DESC LIMIT %s"
        with psycopg.connect(self.address) as connection:
            connection.execute(
                f"DELETE FROM onefold.events WHERE notification_id IN ({newest})".encode(),  # noqa: S608 - no input in it
                (count,),
            )

    @contextmanager
    def full(self) -> Iterator[None]:
        """Let no file of the server grow beyond a limit that every table has reached.

        The tables are filled by a transaction that never commits: nobody sees what is in it.
        """
        with psycopg.connect(self.address) as filling:
            self._server.limit_files(FULL_AT, self._connections(filling))
            try:
                for row in FILLERS:
                    _fill(filling, row)
                yield
            finally:
                self._server.limit_files(None, self._connections(filling))
                filling.rollback()

    def close(self) -> None:
        """Close every connection, and drop the database."""
        self._stack.close()

    def _connections(self, connection: psycopg.Connection) -> list[int]:
        """List the server's processes that work for somebody in this database."""
        found = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
        )
        return [pid for (pid,) in found]


FULL_AT = 2**21
"""Bytes a file may have: more than a segment of the server's own journal, which stays writable."""

FILLERS = (
    "books SELECT 'filler' || n, 1, ''",
    "directory SELECT 'filler', n::text, gen_random_uuid()",
    "keys SELECT gen_random_uuid(), ''",
    "leases SELECT 'filler' || n, 1, ''",
    "tallies SELECT 'filler' || n, '', 1",
)


def _fill(connection: psycopg.Connection, row: str) -> None:
    """Insert ever fewer rows at a time until not one more is taken."""
    rows = 2**16
    while rows:
        try:
            with connection.transaction():
                statement = f"INSERT INTO onefold.{row} FROM generate_series(1, {rows}) AS n"
                connection.execute(f"{statement} ON CONFLICT DO NOTHING".encode())
        except psycopg.InternalError as error:
            assert "File too large" in str(error)  # noqa: PT017 - the only error meant here
            rows //= 2


def postgres_database(_folder: Path, server: Callable[[], Postgres]) -> Database:
    """Make a database on the server, which is started for the first."""
    return PostgresDatabase(server())


def sqlite_database(folder: Path, _server: Callable[[], Postgres]) -> Database:
    """Make a file in a folder."""
    return SqliteDatabase(folder)


KINDS = {"postgres": postgres_database, "sqlite": sqlite_database}
"""Every backend there is; each passes the whole contract."""
