"""The log without any key, as sealing and verifying read it."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path

from store.backend import LogRow
from store.errors import StoreMissing, StoreUnavailable
from store.folder import DATABASE
from store.location import address_in
from store.seals.sealing import Log
from store.sqlite.schema import EVENTS


class SqliteLog:
    """Rows of the file as they are, also where somebody made texts of bytes."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, timeout=30, check_same_thread=False)
        self._database.text_factory = _text

    def page(self, after: int, limit: int) -> list[LogRow]:
        """Read the log behind a position, in order, at most `limit` events."""
        columns = "position, originator_id, originator_version, topic, state"
        query = f"SELECT {columns} FROM {EVENTS} WHERE position > ? ORDER BY position LIMIT ?"  # noqa: S608 - constants
        return self._rows(query, after, limit)

    def position(self) -> int:
        """Give the highest position; 0 when the log is empty."""
        found: int = self._rows(f"SELECT COALESCE(MAX(position), 0) FROM {EVENTS}")[0][0]  # noqa: S608 - a constant
        return found

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def _rows(self, query: str, *params: int) -> list[LogRow]:
        try:
            return self._database.execute(query, params).fetchall()
        except sqlite3.Error as error:
            raise StoreUnavailable(str(error)) from error


def open_log(folder: Path, environ: Mapping[str, str]) -> Log:
    """Open the database of a deployment, to read rows as they are stored.

    Raises `StoreMissing` when there is none.
    """
    address = address_in(environ)
    if address is not None:
        from store.postgres import PostgresBackend  # noqa: PLC0415 - only who has a PostgreSQL pays for it

        return PostgresBackend(address)
    if not (folder / DATABASE).exists():
        raise StoreMissing(folder)
    return SqliteLog(folder / DATABASE)


def _text(data: bytes) -> str:
    return data.decode(errors="surrogateescape")
