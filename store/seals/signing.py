"""The key that signs seals: the environment, or a file of mode 0600 in the data folder."""

import base64
import binascii
import os
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from store.seals.errors import BadSealKey, SealKeyMissing

VARIABLE = "ONEFOLD_SEAL_KEY"
FILE = "seal.key"
SIZE = 32


def signing_key(folder: Path, environ: Mapping[str, str], *, may_create: bool) -> Ed25519PrivateKey:
    """Find the key that signs seals; with `may_create` a missing one is made.

    Raises `SealKeyMissing` or `BadSealKey`.
    """
    text = environ.get(VARIABLE)
    if text:
        return _decode(text, VARIABLE)
    path = folder / FILE
    if not path.exists():
        if not may_create:
            raise SealKeyMissing(str(path))
        _create(path)
    return _decode(path.read_bytes(), str(path))


def raw_public(key: Ed25519PublicKey) -> bytes:
    """Write a public key as its 32 bytes."""
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def _create(path: Path) -> None:
    """Write a new key; whoever made one in the same moment comes first."""
    fresh = path.with_suffix(f".{os.getpid()}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64encode(os.urandom(SIZE)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(fresh)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()


def _decode(text: str | bytes, origin: str) -> Ed25519PrivateKey:
    try:
        return Ed25519PrivateKey.from_private_bytes(base64.b64decode(text.strip(), validate=True))
    except (binascii.Error, ValueError):
        raise BadSealKey(origin) from None
