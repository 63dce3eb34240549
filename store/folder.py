"""The data folder: one store, one master key, one Onefold at a time."""

import fcntl
import os
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

from domain.attributes import Policies
from store.archive import Store
from store.backend import Backend
from store.errors import StoreInUse, StoreMissing
from store.keyring import Keyring
from store.location import address_in
from store.master_key import MasterKey, master_key
from store.sqlite import SqliteBackend

DATABASE = "onefold.db"
LOCK = "onefold.lock"
_PROOF = "master_key_proof"


def prepare(
    folder: Path,
    environ: Mapping[str, str],
    synchronous: str = "full",
    policies: Policies | None = None,
) -> Store:
    """Open the store of a folder, made if it is not there yet.

    With a database's address in the environment it is there, and the folder holds the key only;
    its tables are never made here. Raises `MissingMasterKey` or `WrongMasterKey` rather than
    making a second key, `NewerSchema` for a store of a later version, and what `migrate` mends.
    """
    folder.mkdir(parents=True, exist_ok=True)
    address = address_in(environ)
    if address is not None:
        return _in_database(address, folder, environ, synchronous, policies, may_create=True)
    path = folder / DATABASE
    key = master_key(folder, environ, may_create=not path.exists())
    # Before anything is written: the files that SQLite puts beside it take its mode.
    path.touch(mode=0o600)
    path.chmod(0o600)
    backend = SqliteBackend(path, synchronous)
    backend.create()
    return _opened(backend, key, policies)


def open_store(
    folder: Path,
    environ: Mapping[str, str],
    synchronous: str = "full",
    policies: Policies | None = None,
) -> Store:
    """Open the store of a folder; raises `StoreMissing` when there is none, else as `prepare`."""
    address = address_in(environ)
    if address is not None:
        return _in_database(address, folder, environ, synchronous, policies, may_create=False)
    path = folder / DATABASE
    if not path.exists():
        raise StoreMissing(folder)
    key = master_key(folder, environ, may_create=False)
    backend = SqliteBackend(path, synchronous)
    backend.check()
    return _opened(backend, key, policies)


def _in_database(  # noqa: PLR0913 - what `prepare` and `open_store` were given
    address: str,
    folder: Path,
    environ: Mapping[str, str],
    synchronous: str,
    policies: Policies | None,
    *,
    may_create: bool,
) -> Store:
    from store.postgres import PostgresBackend  # noqa: PLC0415 - only who has a PostgreSQL pays for it

    backend = PostgresBackend(address, synchronous)
    with ExitStack() as failing:
        failing.callback(backend.close)
        backend.check()
        is_new = backend.get(_PROOF) is None
        if is_new and not may_create:
            raise StoreMissing(backend.where)
        store = _opened(backend, master_key(folder, environ, may_create=is_new), policies)
        failing.pop_all()
    return store


def _opened(backend: Backend, key: MasterKey, policies: Policies | None) -> Store:
    keyring = Keyring(key.secret)
    proof = backend.get(_PROOF)
    if proof is None:
        backend.put(_PROOF, keyring.proof())
    else:
        keyring.check(proof, key.origin)
    return Store(backend, keyring, policies)


class FolderLock:
    """Keeps a second Onefold off the folder for as long as this process lives.

    Raises `StoreInUse` when somebody else holds it.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = _private(folder / LOCK)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise StoreInUse(folder) from None

    def release(self) -> None:
        """Let the next one in."""
        self._file.close()


def _private(path: Path) -> TextIO:
    """Open a file that only its owner may touch, made if it is not there."""
    file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w")
    path.chmod(0o600)
    return file
