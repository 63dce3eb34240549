"""Merkle trees as RFC 6962 has them: leaves and nodes are told apart by a byte in front."""

from collections.abc import Sequence
from hashlib import sha256

LEAF, NODE = b"\x00", b"\x01"

Hash = bytes
"""32 bytes."""


def leaf(content: bytes) -> Hash:
    """Hash what a leaf stands for."""
    return sha256(LEAF + content).digest()


def root(leaves: Sequence[Hash]) -> Hash:
    """Give the hash that stands for all leaves in their order; of none, that of nothing."""
    if not leaves:
        return sha256(b"").digest()
    level = list(leaves)
    while len(level) > 1:
        level = _above(level)
    return level[0]


def path(leaves: Sequence[Hash], index: int) -> list[Hash]:
    """List the hashes by which the leaf at an index leads to the root, lowest first."""
    level, found = list(leaves), []
    while len(level) > 1:
        beside = index ^ 1
        if beside < len(level):
            found.append(level[beside])
        level, index = _above(level), index // 2
    return found


def root_by(leaf_hash: Hash, index: int, count: int, way: Sequence[Hash]) -> Hash | None:
    """Follow a path from the leaf at an index among `count`; None when it cannot be one."""
    if not 0 <= index < count:
        return None
    here, left = leaf_hash, list(way)
    while count > 1:
        beside = index ^ 1
        if beside < count:
            if not left:
                return None
            other = left.pop(0)
            here = _node(other, here) if beside < index else _node(here, other)
        index, count = index // 2, (count + 1) // 2
    return None if left else here


def _above(level: Sequence[Hash]) -> list[Hash]:
    """Pair hashes; one left over goes up as it is, which makes RFC 6962's shape."""
    paired = [_node(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
    return [*paired, level[-1]] if len(level) % 2 else paired


def _node(left: Hash, right: Hash) -> Hash:
    return sha256(NODE + left + right).digest()
