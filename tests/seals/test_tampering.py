"""Whatever is done to the log by hand is found, and found where it was done."""

import pytest

from store.seals.verifying import Finding
from tests.seals.sealed import ROWS, Sealed

MIDDLE = 1_500
"""A position in the second block of three."""


def only(findings: list[Finding]) -> Finding:
    """Give the one finding there is."""
    assert len(findings) == 1, findings
    return findings[0]


def test_an_untouched_log_is_as_it_was_sealed(sealed: Sealed) -> None:
    verdict = sealed.verify(sealed.export().seals)
    assert (verdict.findings, verdict.blocks, verdict.rows) == ([], 3, 3_000)
    assert verdict.unsealed == ROWS - 3_000


@pytest.mark.parametrize("at", [1, 1_000, 1_001, MIDDLE, 3_000])
def test_a_changed_byte_is_found(sealed: Sealed, at: int) -> None:
    state = bytearray(sealed.row(at)["state"])
    state[len(state) // 2] ^= 1
    sealed.alter("UPDATE events SET state = ? WHERE position = ?", bytes(state), at)
    found = only(sealed.findings())
    assert (found.kind, found.position, found.block) == ("altered", at, (at + 999) // 1_000)
    assert found.stream == sealed.stream(at)
    assert found.expected.startswith("a row with hash")
    assert f"stream {sealed.stream(at)}, version {sealed.row(at)['originator_version']}" in (
        found.found
    )


@pytest.mark.parametrize(
    "change",
    [
        "topic = 'tracked.9'",
        "originator_version = originator_version + 900",
        "originator_id = randomblob(16)",
        "originator_id = originator_id || x'00'",
        "state = CAST(state AS TEXT)",
        "state = 'text'",
        "originator_version = 'one'",
        "originator_id = 'nobody'",
    ],
)
def test_any_field_that_changes_is_found(sealed: Sealed, change: str) -> None:
    stream = sealed.stream(MIDDLE)
    sealed.alter(f"UPDATE events SET {change} WHERE position = {MIDDLE}")  # noqa: S608 - ours
    found = only(sealed.findings())
    assert (found.kind, found.position, found.stream) == ("altered", MIDDLE, stream)


@pytest.mark.parametrize("at", [1, 1_000, 1_001, MIDDLE])
def test_a_deleted_row_is_found_and_its_stream_named(sealed: Sealed, at: int) -> None:
    stream = sealed.stream(at)
    sealed.alter("DELETE FROM events WHERE position = ?", at)
    found = only(sealed.findings())
    assert (found.kind, found.position, found.last, found.stream) == ("deleted", at, None, stream)
    assert (found.expected, found.found) == ("1 row", "nothing")


def test_a_deleted_run_over_two_blocks_is_one_finding(sealed: Sealed) -> None:
    sealed.alter("DELETE FROM events WHERE position BETWEEN 990 AND 1010")
    found = only(sealed.findings())
    assert (found.kind, found.block, found.position, found.last) == ("deleted", 1, 990, 1_010)
    assert found.expected.startswith("21 rows of")


@pytest.mark.parametrize("from_", [1_500, 2_999, 3_000])
def test_a_deleted_tail_is_found(sealed: Sealed, from_: int) -> None:
    sealed.alter("DELETE FROM events WHERE position >= ?", from_)
    found = only(sealed.findings())
    assert (found.kind, found.position) == ("tail_deleted", from_)
    assert found.last == (3_000 if from_ < 3_000 else None)
    assert found.found == "the end of the log"


def test_an_emptied_log_is_one_deleted_tail(sealed: Sealed) -> None:
    sealed.alter("DELETE FROM events")
    found = only(sealed.findings())
    assert (found.kind, found.position, found.last) == ("tail_deleted", 1, 3_000)


@pytest.mark.parametrize(("one", "other"), [(MIDDLE, MIDDLE + 1), (10, 2_900)])
def test_a_swapped_pair_is_found_as_one(sealed: Sealed, one: int, other: int) -> None:
    stream = sealed.stream(one)
    for here, there in ((one, -1), (other, one), (-1, other)):
        sealed.alter("UPDATE events SET position = ? WHERE position = ?", there, here)
    found = only(sealed.findings())
    assert (found.kind, found.position, found.last) == ("swapped", one, other)
    assert found.stream == stream


def test_two_states_that_changed_places_are_both_named(sealed: Sealed) -> None:
    one, other = (sealed.row(at)["state"] for at in (MIDDLE, MIDDLE + 1))
    sealed.alter("UPDATE events SET state = ? WHERE position = ?", other, MIDDLE)
    sealed.alter("UPDATE events SET state = ? WHERE position = ?", one, MIDDLE + 1)
    found = [(each.kind, each.position) for each in sealed.findings()]
    assert found == [("altered", MIDDLE), ("altered", MIDDLE + 1)]


@pytest.mark.parametrize("at", [-5, 0])
def test_a_row_slipped_in_before_the_first_is_found(sealed: Sealed, at: int) -> None:
    insert = "INSERT INTO events VALUES (?, zeroblob(16), 1, 'tracked.1', x'00')"
    sealed.alter(insert, at)
    found = only(sealed.findings())
    assert (found.kind, found.block, found.position) == ("inserted", 1, at)
    assert found.stream == "00000000-0000-0000-0000-000000000000"
    assert (found.expected, found.found) == ("nothing", "a row of version 1, topic tracked.1")


@pytest.mark.parametrize("gap", [1_200, 3_001])
def test_a_gap_is_no_deletion_and_a_row_slipped_into_it_is_found(sealed: Sealed, gap: int) -> None:
    """A database may leave out positions: the leaves tell such a gap from a deleted row."""
    sealed.alter("DELETE FROM seals WHERE number >= ?", 1, file="seals.db")
    sealed.alter("DELETE FROM events WHERE position = ?", gap)
    sealed.seal(partial=True)
    assert sealed.findings() == []
    sealed.alter("INSERT INTO events VALUES (?, 'x', 1, 'tracked.1', x'00')", gap)
    found = only(sealed.findings())
    assert (found.kind, found.position) == ("inserted", gap)


def test_several_changes_are_told_in_the_order_of_the_log(sealed: Sealed) -> None:
    sealed.alter("UPDATE events SET topic = 'x' WHERE position IN (7, 2500)")
    sealed.alter("DELETE FROM events WHERE position = 1200")
    found = [(each.kind, each.block, each.position) for each in sealed.findings()]
    assert found == [("altered", 1, 7), ("deleted", 2, 1_200), ("altered", 3, 2_500)]
    assert str(sealed.findings()[1]).startswith("deleted: block 2, position 1200, stream ")


def test_what_is_not_sealed_yet_is_counted_and_not_judged(sealed: Sealed) -> None:
    sealed.alter("DELETE FROM events WHERE position = 3200")
    verdict = sealed.verify()
    assert (verdict.findings, verdict.unsealed) == ([], ROWS - 3_001)


# The seals themselves.


@pytest.mark.parametrize(
    ("statement", "blocks"),
    [
        ("UPDATE seals SET seal = (SELECT seal FROM seals WHERE number = 1) WHERE number = 2", [1]),
        ("DELETE FROM seals WHERE number = 1", [2]),
        ("DELETE FROM seals WHERE number = 2", [3]),
    ],
)
def test_a_seal_that_is_not_as_it_was_signed_is_found(
    sealed: Sealed, statement: str, blocks: list[int]
) -> None:
    sealed.alter(statement, file="seals.db")
    assert {each.block for each in sealed.findings() if each.kind == "seal"} >= set(blocks)


def test_a_forged_hash_of_a_row_leaves_the_block_named(sealed: Sealed) -> None:
    sealed.alter("UPDATE events SET topic = 'x' WHERE position = ?", MIDDLE)
    sealed.alter("UPDATE seals SET leaves = x'00' WHERE number = 2", file="seals.db")
    found = only(sealed.findings())
    assert (found.kind, found.position, found.last) == ("block", 1_001, 2_000)


def test_who_seals_anew_with_the_key_is_found_by_an_exported_file(sealed: Sealed) -> None:
    export = sealed.export()
    sealed.alter("UPDATE events SET topic = 'x' WHERE position = ?", MIDDLE)
    sealed.alter("DELETE FROM seals WHERE number >= 2", file="seals.db")
    sealed.seal()
    assert sealed.findings() == []
    found = sealed.findings(export.seals)
    assert [(each.kind, each.block) for each in found] == [
        ("seal_replaced", 2),
        ("block", 2),
        ("seal_replaced", 3),
    ]


def test_seals_that_are_gone_are_found_by_an_exported_file(sealed: Sealed) -> None:
    export = sealed.export()
    sealed.alter("DELETE FROM seals WHERE number = 3", file="seals.db")
    assert sealed.findings() == []
    found = only(sealed.findings(export.seals))
    assert (found.kind, found.block, found.found) == ("seal_replaced", 3, "no such seal")


def test_seals_made_after_the_export_are_still_verified(sealed: Sealed) -> None:
    export = sealed.export()
    sealed.seal(partial=True)
    sealed.alter("UPDATE events SET topic = 'x' WHERE position = 3100")
    found = only(sealed.findings(export.seals))
    assert (found.kind, found.block, found.position) == ("altered", 4, 3_100)


def test_a_seal_made_after_the_export_must_still_be_signed(sealed: Sealed) -> None:
    export = sealed.export()
    sealed.seal(partial=True)
    copy = "UPDATE seals SET seal = (SELECT seal FROM seals WHERE number = 3) WHERE number = 4"
    sealed.alter(copy, file="seals.db")
    found = only(sealed.findings(export.seals[:3]))
    assert (found.kind, found.found) == ("seal", "the seal before it is not there")
