"""What each type of call becomes (rules C6 to C8)."""

import pytest

from domain.commands import EMPTY
from service.wire.segment import read_one
from tests.wire.reading import (
    RECEIVED,
    RULES,
    call,
    code_of,
    decoded,
    encoded,
    read,
    read_raw,
    the_alias,
    the_identify,
    the_track,
)


def test_a_track_is_an_activity_with_its_properties_as_they_were_written() -> None:
    raw = b'{"price": 1.50, "n": 1e2}'
    item = b'{"type":"track","messageId":"m1","userId":"c1","event":"Bought","properties": %b }'
    command = the_track(read_raw(item % raw, rules=RULES))
    assert (command.name, command.properties) == ("Bought", raw)
    assert (command.message_id, command.uid, command.cid) == ("m1", None, "c1")
    assert (command.source, command.received_at) == ("web", RECEIVED)


def test_what_is_absent_or_null_is_an_empty_object() -> None:
    command = the_track(read(call("track", event="Bought", properties=None, context=None)))
    assert (command.properties, command.context) == (EMPTY, EMPTY)


@pytest.mark.parametrize(("kind", "name"), [("page", "$page"), ("screen", "$screen")])
def test_c8_page_and_screen_are_activities_with_name_and_category_among_the_properties(
    kind: str, name: str
) -> None:
    command = the_track(read(call(kind, name="Home", category="Docs", properties={"url": "/"})))
    assert command.name == name
    assert decoded(command.properties) == {"url": "/", "name": "Home", "category": "Docs"}


def test_c8_a_page_whose_properties_hold_its_name_keeps_them_as_they_were_written() -> None:
    raw = b'{ "name":"Home", "price":1.50 }'
    item = b'{"type":"page","userId":"c1","name":"Home","properties":%b}' % raw
    assert the_track(read_raw(item)).properties == raw


def test_c8_a_page_needs_no_name() -> None:
    assert the_track(read(call("page"))).properties == EMPTY


def test_c8_a_group_keeps_its_id_and_traits_and_joins_the_groups() -> None:
    command = the_track(read(call("group", groupId=42, traits={"plan": "pro"})))
    assert command.name == "$group"
    assert decoded(command.properties) == {"groupId": "42", "traits": {"plan": "pro"}}
    assert command.attributes == {"$sources": b'"web"', "groups": b'"42"'}


def test_c6_identify_lays_root_traits_over_those_of_the_context() -> None:
    command = the_identify(
        read(
            call(
                "identify",
                traits={"plan": "pro", "address": {"city": "Graz"}, "gone": None},
                context={"traits": {"plan": "free", "address": {"zip": "8010"}, "age": 7}},
            )
        )
    )
    assert {name: decoded(raw) for name, raw in command.attributes.items()} == {
        "plan": "pro",
        "address": {"zip": "8010", "city": "Graz"},
        "age": 7,
        "gone": None,
    }


def test_c6_traits_keep_the_bytes_that_were_sent() -> None:
    item = (
        b'{"type":"identify","userId":"c1","traits":{"score": 1.50,"big":12345678901234567890123}}'
    )
    attributes = the_identify(read_raw(item)).attributes
    assert attributes == {"score": b"1.50", "big": b"12345678901234567890123"}


@pytest.mark.parametrize("kind", ["track", "page", "screen", "group"])
def test_c6_on_other_calls_context_traits_are_context_only(kind: str) -> None:
    sent = call(kind, event="e", groupId="g", context={"traits": {"plan": "free"}})
    command = the_track(read(sent))
    assert "plan" not in command.attributes
    assert decoded(command.context) == {"traits": {"plan": "free"}}


def test_c7_an_alias_names_the_previous_id_and_the_customer() -> None:
    command = the_alias(read(call("alias", previousId=7, userId="c1")))
    assert (command.previous_id, command.cid, command.uid) == ("7", "c1", "u1")


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (call("track"), "no_name"),
        (call("track", event=""), "no_name"),
        (call("track", event=" \t"), "no_name"),
        (call("track", event=7), "invalid_call"),
        (call("track", event="e" * 256), "name_too_long"),
        (call("page", name=404), "invalid_call"),
        (call("page", name="n" * 256), "name_too_long"),
        (call("screen", category=["c"]), "invalid_call"),
        (call("group"), "no_id"),
        (call("group", groupId=""), "no_id"),
        (call("group", groupId="null"), "poison_id"),
        (call("alias", userId="c1"), "no_id"),
        (call("alias", previousId="u0"), "no_id"),
        (call("identify", traits={"n" * 256: 1}), "name_too_long"),
        (call("identify", context={"traits": "x"}), "invalid_call"),
        (call("identify", traits={"n": 10**308}), "invalid_call"),
        (call("purchase"), "unknown_type"),
        (call("TRACK", event="e"), "unknown_type"),
        ({"userId": "c1", "event": "e"}, "unknown_type"),
        ({"type": ["track"], "userId": "c1"}, "unknown_type"),
    ],
)
def test_a_call_that_cannot_be_understood_is_rejected(sent: dict[str, object], code: str) -> None:
    assert code_of(read(sent)) == code


def test_a_name_of_255_characters_is_taken() -> None:
    assert the_track(read(call("track", event="é" * 255))).name == "é" * 255


def test_the_address_of_a_single_call_names_its_type() -> None:
    for body in ({"userId": "c1", "event": "e"}, call("identify", event="e")):
        inbound = read_one(encoded(body), "track", RULES, "web", RECEIVED)
        assert the_track(inbound).name == "e"
