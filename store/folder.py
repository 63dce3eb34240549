"""The data folder: one store, one master key, one Onefold at a time."""

import fcntl
from collections.abc import Mapping
from pathlib import Path

from domain.attributes import Policies
from store.archive import Store
from store.errors import StoreInUse, StoreMissing
from store.keyring import Keyring
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

    Raises `MissingMasterKey` or `WrongMasterKey` rather than making a second key, and
    `NewerSchema` for a store of a later version.
    """
    folder.mkdir(parents=True, exist_ok=True)
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
    path = folder / DATABASE
    if not path.exists():
        raise StoreMissing(folder)
    key = master_key(folder, environ, may_create=False)
    backend = SqliteBackend(path, synchronous)
    backend.check()
    return _opened(backend, key, policies)


def _opened(backend: SqliteBackend, key: MasterKey, policies: Policies | None) -> Store:
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
        self._file = (folder / LOCK).open("a")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise StoreInUse(folder) from None

    def release(self) -> None:
        """Let the next one in."""
        self._file.close()
