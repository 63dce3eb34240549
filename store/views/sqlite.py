"""SQLite as a view database: the one place that knows which database it is."""

import os
from contextlib import suppress
from pathlib import Path
from sqlite3 import Connection as RawConnection
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, create_engine, event

LOCK_TIMEOUT = 60
CHECKPOINT_PAGES = 10_000
CACHE_KIB = 65_536

PRAGMAS = (
    # Enough: after a power cut rows and position are those of one moment, and the log has more.
    "synchronous=NORMAL",
    f"wal_autocheckpoint={CHECKPOINT_PAGES}",
    f"cache_size=-{CACHE_KIB}",
)


def engine_on(path: Path) -> Engine:
    """Open a view database.

    A writer takes the lock with its first statement, so that what it computes before keeps
    nobody waiting. A connection with the execution option `reading` never takes it.
    """
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": LOCK_TIMEOUT})
    event.listen(engine, "connect", _configure)
    event.listen(engine, "before_cursor_execute", _begin)
    return engine


def create(path: Path, metadata: MetaData) -> None:
    """Make the file with its tables: complete and of mode 0600 before it has its name."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    engine = engine_on(fresh)
    with engine.connect() as connection:
        connection.connection.execute("PRAGMA journal_mode=WAL")
    metadata.create_all(engine)
    engine.dispose()
    with suppress(FileExistsError):  # somebody else was first
        os.link(fresh, path)
    fresh.unlink()


def remove_leftovers(path: Path) -> None:
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
