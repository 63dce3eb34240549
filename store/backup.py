"""A copy of the store in one file, taken while Onefold works on it."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from store.errors import StoreError, StoreMissing, StoreUnavailable
from store.folder import DATABASE


class BackupExists(StoreError):
    """A file is in the way; no back-up is ever written over."""

    def __init__(self, target: Path) -> None:
        super().__init__(f"Expected no file at {target}, but there is one; name another")
        self.target = target


def back_up(folder: Path, target: Path) -> int:
    """Copy the store of a data folder to a new file and give its size in bytes.

    The copy is the store at one moment: log, directory, keys (wrapped), books, counters and
    snapshots. The master key is not in it. Writers are not held up. Raises `StoreMissing`,
    `BackupExists` or `StoreUnavailable`; there is no file at `target` then but the one before.
    """
    source = folder / DATABASE
    if not source.exists():
        raise StoreMissing(folder)
    partial = target.with_name(f"{target.name}.partial")
    if target.exists():
        raise BackupExists(target)
    try:
        partial.unlink(missing_ok=True)
        _copy(source, partial)
        os.link(partial, target)  # unlike a rename, never over another file
        _sync(target.parent)
    except FileExistsError:
        raise BackupExists(target) from None
    except (OSError, sqlite3.Error) as error:
        raise StoreUnavailable(str(error)) from error
    finally:
        partial.unlink(missing_ok=True)
    return target.stat().st_size


def _copy(source: Path, partial: Path) -> None:
    """Copy in one read transaction, to a file that only its owner may read."""
    os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        connection.execute("VACUUM INTO ?", (str(partial),))
    _sync(partial)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
