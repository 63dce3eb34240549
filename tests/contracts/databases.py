"""Databases for the backend contract, and what a test does to them behind a backend's back."""

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Protocol

from store.backend import Backend
from store.sqlite import SqliteBackend


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


KINDS = {"sqlite": SqliteDatabase}
"""Every backend there is; each passes the whole contract."""
