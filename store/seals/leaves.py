"""The rows of a block as hashes: what lets a seal say which row is wrong.

Costs 56 bytes a row before compression: 32 of hash, 8 of position (positions may have gaps) and
16 of stream (so that a row that is gone can be named). Positions and streams compress well.
"""

import struct
from hashlib import sha256
from typing import NamedTuple

import zstandard

from store.backend import LogRow
from store.seals.merkle import Hash, leaf

_HEAD = struct.Struct(">qqII")
BROKEN = b"\x02"
"""In front of a row whose values are not of their types; RFC 6962 has 0 and 1."""


class Leaf(NamedTuple):
    """One row: where it stands, whose it is, and the hash over all of it."""

    position: int
    stream: bytes
    hash: Hash


def leaf_of(row: LogRow) -> Leaf:
    """Hash a row."""
    return Leaf(row[0], raw(row[1])[:16].ljust(16, b"\x00"), row_hash(*row))


def row_hash(position: int, stream: bytes, version: int, topic: str, state: bytes) -> Hash:
    """Hash a row; every field has a fixed length or its length in front, so none can be shifted.

    Position and version take 8 bytes, the lengths of stream and topic 4 each, all big-endian;
    then come the stream, the topic in UTF-8 and the sealed state. What somebody made of a row
    may be of any type: such a row has a hash too, one that no whole row has.
    """
    try:
        name = topic.encode()
        head = _HEAD.pack(position, version, len(stream), len(name))
        return leaf(b"".join((head, stream, name, state)))
    except (struct.error, TypeError, AttributeError, UnicodeEncodeError):
        return sha256(BROKEN + repr((position, stream, version, topic, state)).encode()).digest()


def raw(value: object) -> bytes:
    """Give the bytes of what should be some."""
    return value if isinstance(value, bytes) else repr(value).encode()


def packed(leaves: list[Leaf]) -> bytes:
    """Write leaves for keeping, the hashes last: those alone do not compress."""
    places = b"".join(struct.pack(">q", each.position) for each in leaves)
    streams = b"".join(each.stream for each in leaves)
    hashes = b"".join(each.hash for each in leaves)
    return zstandard.ZstdCompressor(level=3).compress(places + streams) + hashes


def unpacked(data: bytes, count: int) -> list[Leaf] | None:
    """Read leaves; None when these bytes are not so many."""
    hashes = data[len(data) - 32 * count :]
    try:
        head = zstandard.ZstdDecompressor().decompress(
            data[: len(data) - 32 * count], max_output_size=24 * count
        )
    except zstandard.ZstdError:
        return None
    if len(head) != 24 * count or len(hashes) != 32 * count:
        return None
    places = struct.unpack(f">{count}q", head[: 8 * count])
    streams = head[8 * count :]
    return [
        Leaf(place, streams[16 * n : 16 * n + 16], hashes[32 * n : 32 * n + 32])
        for n, place in enumerate(places)
    ]
