"""Merkle trees of RFC 6962, and rows as leaves."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.seals.leaves import Leaf, packed, row_hash, unpacked
from store.seals.merkle import leaf, path, root, root_by
from tests.store.effort import MANY

contents = st.lists(st.binary(max_size=4), min_size=1, max_size=40)
rows = st.tuples(
    st.integers(-(2**63), 2**63 - 1),
    st.binary(max_size=18),
    st.integers(1, 2**31),
    st.text(max_size=4),
    st.binary(max_size=6),
)

KNOWN = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657"]
KNOWN += ["606162636465666768696a6b6c6d6e6f"]
"""The leaves with which implementations of RFC 6962 are commonly tried, and their roots."""

ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


@pytest.mark.parametrize("count", sorted(ROOTS))
def test_roots_are_those_of_rfc_6962(count: int) -> None:
    assert root([leaf(bytes.fromhex(text)) for text in KNOWN[:count]]).hex() == ROOTS[count]


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert root([]) == sha256(b"").digest()


@MANY
@given(contents, st.data())
def test_a_path_leads_from_every_leaf_to_the_root(found: list[bytes], data: st.DataObject) -> None:
    leaves = [leaf(content) for content in found]
    index = data.draw(st.integers(0, len(leaves) - 1))
    way = path(leaves, index)
    assert root_by(leaves[index], index, len(leaves), way) == root(leaves)
    assert root_by(leaf(b"another"), index, len(leaves), way) != root(leaves)
    assert root_by(leaves[index], index, len(leaves), [*way, leaf(b"")]) is None
    assert root_by(leaves[index], len(leaves), len(leaves), way) is None
    assert root_by(leaves[index], -1, len(leaves), way) is None
    if way:
        assert root_by(leaves[index], index, len(leaves), way[:-1]) is None


@MANY
@given(rows, rows)
def test_two_rows_have_one_hash_only_if_they_are_equal(
    one: tuple[int, bytes, int, str, bytes], other: tuple[int, bytes, int, str, bytes]
) -> None:
    assert (row_hash(*one) == row_hash(*other)) is (one == other)


def test_what_moves_from_one_field_to_the_next_changes_the_hash() -> None:
    whole = row_hash(1, b"s" * 16, 1, "tracked.1", b"state")
    assert row_hash(1, b"s" * 16, 1, "tracked.1s", b"tate") != whole
    assert row_hash(1, b"s" * 15, 1, "stracked.1", b"state") != whole


@MANY
@given(st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), st.binary(min_size=16, max_size=16))))
def test_leaves_are_read_as_they_were_kept(places: list[tuple[int, bytes]]) -> None:
    leaves = [Leaf(position, stream, leaf(stream)) for position, stream in places]
    assert unpacked(packed(leaves), len(leaves)) == leaves
    assert unpacked(packed(leaves), len(leaves) + 1) is None
    assert unpacked(b"\x00" * 40, 1) is None
