"""The view database of a data folder: opened by many, gone and back at any time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from sqlalchemy import Connection, Engine

from store.views import sqlite
from store.views.errors import ViewsMissing
from store.views.schema import METADATA

DATABASE = "views.db"


class ViewDatabase:
    """Gives transactions on the file of that path, whichever file it is by now.

    Every use raises `ViewsMissing` while there is none.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._opened: tuple[int, Engine] | None = None
        self._lock = Lock()

    def create(self) -> bool:
        """Make the database unless it is there; tells whether it was made."""
        if self.path.exists():
            return False
        self.path.parent.mkdir(parents=True, exist_ok=True)
        sqlite.remove_leftovers(self.path)
        sqlite.create(self.path, METADATA)
        return True

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give one write transaction: committed at the end, rolled back on an exception."""
        with self._engine().begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give one read transaction: everything in it is of one moment."""
        with self._engine().connect().execution_options(reading=True) as connection:
            yield connection

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            if self._opened is not None:
                self._opened[1].dispose()
            self._opened = None

    def _engine(self) -> Engine:
        try:
            inode = self.path.stat().st_ino
        except FileNotFoundError:
            raise ViewsMissing(self.path) from None
        with self._lock:
            if self._opened is None or self._opened[0] != inode:
                if self._opened is not None:
                    self._opened[1].dispose()
                self._opened = inode, sqlite.engine_on(self.path)
            return self._opened[1]
