"""Where the master key comes from: the environment, or a file of mode 0600 in the data folder."""

import base64
import binascii
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from store.errors import BadMasterKey, MissingMasterKey
from store.keyring import KEY_SIZE

VARIABLE = "ONEFOLD_MASTER_KEY"
FILE = "master.key"


class MasterKey(msgspec.Struct, frozen=True):
    """The key and where it was found, for messages; never shown."""

    secret: bytes
    origin: str

    def __repr__(self) -> str:
        return f"MasterKey(<secret>, origin={self.origin!r})"


def master_key(folder: Path, environ: Mapping[str, str], *, may_create: bool) -> MasterKey:
    """Find the master key of a data folder.

    With `may_create` a missing one is made, as for a store that does not exist yet. Raises
    `MissingMasterKey` otherwise, `BadMasterKey` for a text that is no key.
    """
    path = folder / FILE
    text = environ.get(VARIABLE)
    if text:
        return MasterKey(_decode(text, VARIABLE), VARIABLE)
    if not path.exists():
        if not may_create:
            raise MissingMasterKey(path)
        _create(path)
    return MasterKey(_decode(path.read_bytes(), str(path)), str(path))


def _create(path: Path) -> None:
    """Write a new key, complete and synced before it has its name."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64encode(os.urandom(KEY_SIZE)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)


def _decode(text: str | bytes, origin: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise BadMasterKey(origin) from None
    if len(key) != KEY_SIZE:
        raise BadMasterKey(origin)
    return key
