"""Views in a file of their own, beside the log."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from sqlite3 import Connection as RawConnection
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

from store.views.errors import ViewsMissing
from store.views.schema import METADATA

FILE = "views.db"

LOCK_TIMEOUT = 60
CHECKPOINT_PAGES = 10_000
CACHE_KIB = 65_536

PRAGMAS = (
    # Enough: after a power cut rows and position are those of one moment, and the log has more.
    "synchronous=NORMAL",
    f"wal_autocheckpoint={CHECKPOINT_PAGES}",
    f"cache_size=-{CACHE_KIB}",
)


class ViewFile:
    """The file of that path, whichever file it is by now: it may be deleted at any time."""

    reading: Mapping[str, Any] = {"reading": True}

    def __init__(self, path: Path) -> None:
        self.path = path
        self._opened: tuple[int, Engine] | None = None
        self._lock = Lock()

    @property
    def name(self) -> str:
        """See `Home.name`."""
        return self.path.name

    def create(self) -> bool:
        """See `Home.create`: complete and of mode 0600 before it has its name."""
        if self.path.exists():
            return False
        self.path.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(self.path)
        fresh = self.path.with_name(f"{self.path.name}.{os.getpid()}.new")
        fresh.unlink(missing_ok=True)
        fresh.touch(mode=0o600)
        _fill(fresh)
        with suppress(FileExistsError):  # somebody else was first
            os.link(fresh, self.path)
        fresh.unlink()
        return True

    def engine(self) -> Engine:
        """See `Home.engine`."""
        try:
            inode = self.path.stat().st_ino
        except FileNotFoundError:
            raise ViewsMissing(self.name) from None
        with self._lock:
            if self._opened is None or self._opened[0] != inode:
                if self._opened is not None:
                    self._opened[1].dispose()
                self._opened = inode, engine_on(self.path)
            return self._opened[1]

    def close(self) -> None:
        """See `Home.close`."""
        with self._lock:
            if self._opened is not None:
                self._opened[1].dispose()
            self._opened = None


def engine_on(path: Path) -> Engine:
    """Open a view database.

    A writer takes the lock with its first statement, so that what it computes before keeps
    nobody waiting. A connection with the execution option `reading` never takes it.
    """
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": LOCK_TIMEOUT})
    event.listen(engine, "connect", _configure)
    event.listen(engine, "before_cursor_execute", _begin)
    return engine


def _fill(path: Path) -> None:
    engine = engine_on(path)
    with engine.connect() as connection:
        connection.connection.execute("PRAGMA journal_mode=WAL")
    METADATA.create_all(engine)
    engine.dispose()


def _remove_leftovers(path: Path) -> None:
    """Remove the write-ahead files of a database that was deleted: they fit no other."""
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _configure(raw: RawConnection, _record: object) -> None:
    raw.isolation_level = None
    for pragma in PRAGMAS:
        raw.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection, cursor: Any, *_: object) -> None:
    raw: RawConnection = cursor.connection
    if not raw.in_transaction:
        is_reading = connection.get_execution_options().get("reading", False)
        raw.execute("BEGIN" if is_reading else "BEGIN IMMEDIATE")
