"""Where seals are kept: a file of their own beside the log, whatever database holds that.

Who alters the log's database alters no seal by it.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec

from store.errors import StoreUnavailable
from store.seals import leaves as rows
from store.seals.leaves import Leaf
from store.seals.seal import START, Seal

FILE = "seals.db"

_TABLE = """CREATE TABLE IF NOT EXISTS seals (
    number INTEGER PRIMARY KEY,
    seal BLOB NOT NULL,
    leaves BLOB NOT NULL)"""


class Ledger:
    """The seals of one deployment. Any thread and any process may have one open."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self.path.touch(mode=0o600)
        self._database = sqlite3.connect(self.path, timeout=30, check_same_thread=False)
        try:
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute(_TABLE)
        except sqlite3.Error as error:
            self._database.close()
            raise StoreUnavailable(str(error)) from error

    def last(self) -> Seal | None:
        """Give the latest seal."""
        row = self._database.execute("SELECT seal FROM seals ORDER BY number DESC LIMIT 1")
        found = row.fetchone()
        return None if found is None else _seal(found[0])

    @property
    def end(self) -> int:
        """Give the last sealed position, or one before all others."""
        last = self.last()
        return START if last is None else last.last

    def seals(self) -> Iterator[Seal]:
        """Give every seal in order."""
        for (seal,) in self._database.execute("SELECT seal FROM seals ORDER BY number"):
            yield _seal(seal)

    def leaves(self, number: int, count: int) -> list[Leaf] | None:
        """Give the rows' hashes of a block; None when they are not there or no such many."""
        query = "SELECT leaves FROM seals WHERE number = ?"
        row = self._database.execute(query, (number,)).fetchone()
        return None if row is None else rows.unpacked(row[0], count)

    def add(self, seal: Seal, leaves: list[Leaf]) -> bool:
        """Keep a seal; False when somebody else sealed that block meanwhile."""
        row = (seal.number, msgspec.msgpack.encode(seal), rows.packed(leaves))
        try:
            with self._database:
                self._database.execute("INSERT INTO seals VALUES (?, ?, ?)", row)
        except sqlite3.IntegrityError:
            return False
        except sqlite3.Error as error:
            raise StoreUnavailable(str(error)) from error
        return True

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()


def _seal(data: bytes) -> Seal:
    return msgspec.msgpack.decode(data, type=Seal)
