"""Seals as a file for somebody else to keep: what was sealed can then not be sealed anew.

Who holds the signing key could alter the log and seal it again. An exported file out of their
reach is what shows it; it holds every seal, 250 bytes each, and the public key.
"""

from pathlib import Path
from typing import Literal, TypeVar

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from store.seals.errors import BadExport, Unsealed
from store.seals.ledger import Ledger
from store.seals.seal import Seal
from store.seals.signing import raw_public

T = TypeVar("T")


class Export(msgspec.Struct, frozen=True):
    """Every seal and the public key, which are enough to check a proof."""

    public_key: bytes
    seals: list[Seal]
    onefold: Literal["seals.1"] = "seals.1"

    @property
    def key(self) -> Ed25519PublicKey:
        """Give the key that checks the signatures."""
        return Ed25519PublicKey.from_public_bytes(self.public_key)


def exported(ledger: Ledger, key: Ed25519PublicKey) -> Export:
    """Give all seals there are; raises `Unsealed` when there are none."""
    seals = list(ledger.seals())
    if not seals:
        raise Unsealed(ledger.path)
    return Export(raw_public(key), seals)


def read_export(path: Path) -> Export:
    """Read an exported file; raises `BadExport`."""
    export = read_json(path, Export)
    try:
        _ = export.key
    except ValueError as error:
        raise BadExport(path, str(error)) from None
    return export


def read_json(path: Path, kind: type[T]) -> T:
    """Read a file that an audit command wrote; raises `BadExport`."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadExport(path, str(error)) from None
