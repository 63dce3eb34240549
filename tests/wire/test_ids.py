"""Who a call speaks of, and which call it is (rules C1, C2 and C10)."""

from uuid import UUID

import pytest

from domain.identifiers import POISON
from service.wire.rules import WireRules
from tests.wire.reading import call, code_of, read, read_raw, the_rejection, the_track


def named(**fields: object) -> dict[str, object]:
    """Make a call that names nobody but these."""
    return {"type": "track", "event": "e", **fields}


def test_c1_ids_that_are_null_or_blank_are_absent() -> None:
    for nobody in (None, "", " "):
        command = the_track(read(named(userId=nobody, anonymousId="u1")))
        assert (command.uid, command.cid) == ("u1", None)


def test_c1_a_call_without_any_id_is_rejected() -> None:
    code, message = the_rejection(read(named(userId="", anonymousId=None)))
    assert (code, message) == ("no_id", "Expected anonymousId or userId, got none")


@pytest.mark.parametrize(
    "poison", ["undefined", " NULL ", "[object Object]", "0", "000", True, 0], ids=repr
)
def test_c1_a_placeholder_is_a_rejection_even_beside_a_good_id(poison: object) -> None:
    assert code_of(read(named(userId=poison, anonymousId="u1"))) == "poison_id"


def test_c1_the_list_of_placeholders_is_configuration() -> None:
    rules = WireRules(poison=POISON | {"qa-device"})
    assert code_of(read(named(userId="QA-device"), rules=rules)) == "poison_id"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (b"42", "42"),
        (b"42.0", "42"),
        (b"1.5", "1.5"),
        (b"12345678901234567890123", "12345678901234567890123"),
    ],
)
def test_c2_numbers_become_strings_to_the_last_digit(number: bytes, text: str) -> None:
    item = b'{"type":"track","event":"e","userId":%b}' % number
    assert the_track(read_raw(item)).cid == text


@pytest.mark.parametrize(
    "bad", ["x" * 256, "a\x00b", "a\x7f", {"id": 1}, ["a"], "caf\ufffd"], ids=repr
)
def test_c2_what_cannot_be_an_id_is_rejected(bad: object) -> None:
    assert code_of(read(named(userId=bad))) == "bad_id"


def test_an_id_that_is_no_text_in_utf8_is_rejected() -> None:
    assert code_of(read_raw(b'{"type":"track","event":"e","userId":"a\xff"}')) == "invalid_call"


def test_c10_a_call_without_a_message_id_gets_one_that_sorts_by_time() -> None:
    for absent in ({}, {"messageId": None}, {"messageId": " "}, {"messageId": "undefined"}):
        minted = the_track(read(named(userId="c1", **absent))).message_id
        assert UUID(minted).version == 7


@pytest.mark.parametrize(
    ("sent", "kept"), [(7, "7"), (0, "0"), ("0", "0"), ("é\u2028", "é\u2028")], ids=repr
)
def test_c10_message_ids_are_kept_as_text(sent: object, kept: str) -> None:
    assert the_track(read(call("track", event="e", messageId=sent))).message_id == kept


@pytest.mark.parametrize("bad", ["m" * 101, 10**100, "a\nb", {}, True], ids=repr)
def test_c10_a_message_id_that_is_too_long_or_no_text_is_rejected(bad: object) -> None:
    assert code_of(read(call("track", event="e", messageId=bad))) == "bad_id"
