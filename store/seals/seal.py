"""A seal: the root over a block of rows, chained to the seal before it, and signed."""

import struct
from collections.abc import Sequence
from hashlib import sha256

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from domain.instants import Instant
from store.seals.leaves import Leaf
from store.seals.merkle import Hash, root

BLOCK = 1_000
"""Rows under one seal, unless one is asked for before there are so many."""

START = -(2**63)
"""Before every position a database can have, negative ones included."""

GENESIS: Hash = bytes(32)
"""Stands where the first seal names the one before it."""

_FIELDS = struct.Struct(">qqqqq32s32s")
_SEAL = b"onefold seal 1\x00"


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """A block of the log, sealed: rows `first` to `last`, `count` of them, nothing in between.

    `previous` is the `hash` of the seal before. `signature` signs `hash` with Ed25519. As JSON,
    bytes are base64.
    """

    number: int
    first: int
    last: int
    count: int
    sealed_at: Instant
    root: Hash
    previous: Hash
    signature: bytes = b""

    @property
    def hash(self) -> Hash:
        """Give what the signature signs and the next seal names."""
        fields = (self.number, self.first, self.last, self.count, self.sealed_at)
        return sha256(_SEAL + _FIELDS.pack(*fields, self.root, self.previous)).digest()

    def signed(self, key: Ed25519PrivateKey) -> "Seal":
        """Sign."""
        return msgspec.structs.replace(self, signature=key.sign(self.hash))

    def flaw(self, before: "Seal | None", key: Ed25519PublicKey) -> str | None:
        """Say what is wrong with this seal after that one; None: nothing."""
        try:
            digest = self.hash
            key.verify(self.signature, digest)
        except (InvalidSignature, struct.error):
            return "its signature is not the key's"
        if self.number != (1 if before is None else before.number + 1):
            return "the seal before it is not there"
        if self.previous != (GENESIS if before is None else before.hash):
            return "it does not name the seal before it"
        return None


def seal_of(leaves: Sequence[Leaf], before: Seal | None, sealed_at: Instant) -> Seal:
    """Make the seal, unsigned, of the rows that follow another seal."""
    return Seal(
        number=1 if before is None else before.number + 1,
        first=leaves[0].position,
        last=leaves[-1].position,
        count=len(leaves),
        sealed_at=sealed_at,
        root=root([each.hash for each in leaves]),
        previous=GENESIS if before is None else before.hash,
    )
