"""Events of the seed product, read as the calls they stand for (decision 0012)."""

from typing import Any

import msgspec
import pytest

from domain.commands import Identify, Track
from domain.instants import rfc3339
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
    the_identify,
    the_track,
)

Json = dict[str, Any]
PERSON = {"customer_id": "c1", "name": "Ann", "plan": "pro"}
ANN = {"name": "Ann", "plan": "pro"}


def event(ec: str = "product", ea: str = "view", **fields: Any) -> Json:
    """Make an event that names a visitor and itself."""
    return {"ec": ec, "ea": ea, "uid": "u1", "messageId": "m1", **fields}


def custom(command: Track | Identify) -> Json:
    """Give the attributes of the business."""
    return {name: decoded(raw) for name, raw in command.attributes.items() if name[0] != "$"}


def test_an_event_is_an_activity_named_by_category_and_action() -> None:
    command = the_track(read(event(aid="d1", extra={"price": 1.5}, items=[{"id": "p1"}])))
    assert (command.name, command.uid, command.cid) == ("product/view", "u1", None)
    assert (command.message_id, command.links) == ("m1", ("device:d1",))
    assert decoded(command.properties) == {"price": 1.5, "items": [{"id": "p1"}]}


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"ec": "pageview", "ea": "view"}, "$page"),
        ({"ec": "screenview", "ea": "view"}, "$screen"),
        ({"ec": "screen", "ea": "view"}, "$screen"),
        ({"ec": "user", "ea": "sign_out"}, "user/sign_out"),
        ({"ec": "user", "ea": "reset_anonymous_id"}, "user/reset_anonymous_id"),
        ({"ec": "", "ea": "", "en": "app_opened"}, "app_opened"),
        ({"en": "app_opened"}, "app_opened"),
        ({"ec": "used"}, "used"),
    ],
)
def test_an_event_is_named_in_any_of_its_ways(fields: Json, name: str) -> None:
    assert the_track(read({"uid": "u1", **fields})).name == name


def test_values_stay_as_they_were_written() -> None:
    item = b'{"ec":"a","ea":"b","uid":"u1","extra":{"price": 1.50,"big":12345678901234567890123}}'
    properties = the_track(read_raw(item)).properties
    assert properties == b'{"price":1.50,"big":12345678901234567890123}'


def test_what_an_activity_was_about_lies_beside_its_own_fields() -> None:
    dims = {"store": {"id": "s1"}, "customers": PERSON, "users": {"user_id": "u1"}}
    command = the_track(read(event(dims=dims, extra={"a": 1}, cvar={"a": 0, "b": 2}, ev=7)))
    properties = {"a": 1, "b": 2, "dims": {"store": {"id": "s1"}}, "ev": 7}
    assert decoded(command.properties) == properties


DIMS: Json = {"dims": {"customers": PERSON}}
EXTRA: Json = {"extra": {"customer_id": "c1", "customer_name": "Ann", "phone": "1", "x": 1}}
ITEMS: Json = {"items": [{"type": "lead", "id": "c1", **ANN}, {"type": "lead", "id": "c2"}]}
SHAPES = [
    (DIMS, ANN),
    (EXTRA, {"name": "Ann", "phone": "1"}),
    (ITEMS, ANN),
    ({"extra": {"identify_id": "c1", "identify_event": "sign_in"}}, {}),
    ({**DIMS, "extra": {"identify_id": "c2", "name": "Old", "email": "e"}}, {**ANN, "email": "e"}),
]


@pytest.mark.parametrize(("fields", "attributes"), SHAPES, ids=repr)
def test_identify_is_taken_in_each_of_its_historic_shapes(fields: Json, attributes: Json) -> None:
    command = the_identify(read(event("user", "identify", **fields)))
    assert (command.uid, command.cid) == ("u1", "c1")
    assert custom(command) == attributes


@pytest.mark.parametrize("ea", ["sign_in", "sign_up"])
@pytest.mark.parametrize(("fields", "attributes"), SHAPES, ids=repr)
def test_signing_in_is_an_activity_that_says_who_it_is(
    ea: str, fields: Json, attributes: Json
) -> None:
    command = the_track(read(event("user", ea, **fields)))
    assert (command.name, command.uid, command.cid) == (f"user/{ea}", "u1", "c1")
    assert custom(command) == attributes


@pytest.mark.parametrize(
    "named",
    [
        {"ec": "user", "ea": "identify_user"},
        {"ec": "user", "ea": "user_identify"},
        {"en": "identify_user"},
        {"en": "user_identify"},
    ],
    ids=repr,
)
def test_identify_goes_by_several_names(named: Json) -> None:
    assert the_identify(read({"uid": "u1", **named, **DIMS})).cid == "c1"


def test_any_event_may_name_the_customer_and_say_more_of_it() -> None:
    users = {"user_id": "u1", "theme": "dark", "plan": "free"}
    command = the_track(read(event(dims={"customers": PERSON, "users": users})))
    assert command.cid == "c1"
    assert custom(command) == {"theme": "dark", **ANN}


def test_the_items_of_other_events_are_things_not_people() -> None:
    command = the_track(read(event(**ITEMS)))
    assert (command.cid, custom(command)) == (None, {})
    product = [{"type": "product", "id": "p1", "name": "Game"}]
    command = the_track(read(event("user", "sign_in", items=product)))
    assert (command.cid, custom(command)) == (None, {})


def test_attributes_may_be_set_without_a_customer() -> None:
    extra = {"customer_name": "Ann", "size": 7, "utm_source": "x", "page_title": "T"}
    dims = {"users": {"theme": "dark"}}
    command = the_identify(read(event("user", "set_attributes", extra=extra, dims=dims)))
    assert (command.uid, command.cid) == ("u1", None)
    assert custom(command) == {"name": "Ann", "size": 7, "theme": "dark"}


def test_flat_fields_complete_the_context_and_stay_properties() -> None:
    extra = {
        "location_url": "https://shop.example/",
        "referrer_url": "https://search.example/",
        "page_title": "Shop",
        "utm_source": "news",
        "utm_campaign": "",
        "session_id": 77,
    }
    own = {"page": {"title": "Mine"}, "locale": "vi"}
    command = the_track(read(event("pageview", "view", extra=extra, context=own, aid="d1")))
    assert decoded(command.properties) == extra
    assert decoded(command.context) == {
        "page": {
            "url": "https://shop.example/",
            "referrer": "https://search.example/",
            "title": "Mine",
        },
        "campaign": {"source": "news"},
        "device": {"id": "d1"},
        "sessionId": 77,
        "locale": "vi",
    }
    system = {name: decoded(raw) for name, raw in command.attributes.items()}
    assert system == {
        "$sources": "web",
        "$language": "vi",
        "$referrer": "https://search.example/",
        "$initial_referrer": "https://search.example/",
        "$utm_source": "news",
        "$initial_utm_source": "news",
    }


def test_a_context_to_which_nothing_is_added_stays_as_it_was_written() -> None:
    raw = b'{ "ip" : "8.8.8.8" }'
    assert the_track(read_raw(b'{"ec":"a","uid":"u1","context":%b}' % raw)).context == raw


def test_the_device_is_told_by_aid_else_by_the_client_id() -> None:
    same: Json = {"context": {"device": {"id": "other", "type": "desktop"}}}
    command = the_track(read(event(aid="d1", **same)))
    assert command.links == ("device:d1",)
    assert decoded(command.context) == {"device": {"id": "d1", "type": "desktop"}}
    assert the_track(read(event(client_id="d.2.1700000000"))).links == ("device:d.2",)
    assert the_track(read(event(aid="", **same))).links == ("device:other",)


@pytest.mark.parametrize(
    "timestamp",
    ["2026-11-23T09:00:00Z", 1_795_424_400, 1_795_424_400_000, "1795424400000", 1_795_424_400.0],
    ids=repr,
)
def test_a_timestamp_is_a_text_or_an_epoch_number(timestamp: object) -> None:
    command = the_track(read(event(timestamp=timestamp)))
    assert rfc3339(command.occurred_at) == "2026-11-23T09:00:00.000000Z"


def test_numbers_that_may_count_something_else_are_no_moment() -> None:
    command = the_track(read(event(ev=1_700_000_000, client_id="d1.1700000000")))
    assert command.occurred_at == RECEIVED


def test_events_and_calls_mix_in_a_batch_in_order() -> None:
    sent = [call("page"), event(), call("identify", userId="c1"), event("user", "identify", **DIMS)]
    commands = read(*sent).commands
    assert [type(command) for command in commands] == [Track, Track, Identify, Identify]


def test_c9_events_of_a_batch_are_corrected_like_calls() -> None:
    sent = read(event(timestamp="2026-11-23T08:00:00Z"), sentAt="2026-11-23T08:00:20Z")
    assert the_track(sent).occurred_at == RECEIVED - 20_000_000


def test_a_call_with_a_type_is_none_of_the_seeds_whatever_else_it_has() -> None:
    assert the_track(read(call("track", event="e", ec="a", ea="b"))).name == "e"


def test_a_single_body_is_read_by_its_shape_too() -> None:
    inbound = read_one(encoded(event()), "track", RULES, "web", RECEIVED)
    assert the_track(inbound).name == "product/view"


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"ec": "a", "ea": "b"}, "no_id"),
        (event(uid="undefined"), "poison_id"),
        (event(dims={"customers": {"customer_id": "null"}}), "poison_id"),
        (event(dims={"customers": {"customer_id": {"x": 1}}}), "bad_id"),
        (event("", ""), "no_name"),
        (event("e" * 256, ""), "name_too_long"),
        (event("e" * 128, "e" * 128), "name_too_long"),
        ({"uid": "u1", "ec": 7}, "invalid_call"),
        (event(dims=[]), "invalid_call"),
        (event(dims={"customers": "c1"}), "invalid_call"),
        (event(extra="x"), "invalid_call"),
        (event(items={}), "invalid_call"),
        (event("user", "sign_in", items=["x"]), "invalid_call"),
        (event(context="x"), "invalid_call"),
        (event(timestamp="soon"), "bad_timestamp"),
        (event(timestamp=True), "bad_timestamp"),
        (event(timestamp=1e300), "bad_timestamp"),
        (event(dims={"users": {"n" * 256: 1}}), "name_too_long"),
        (event(messageId="m" * 101), "bad_id"),
    ],
)
def test_an_event_that_cannot_be_understood_is_rejected(sent: Json, code: str) -> None:
    assert code_of(read(sent)) == code


@pytest.mark.parametrize("levels", [20, 60, 500, 5_000])
@pytest.mark.parametrize(
    "where",
    [
        b'"extra":{"a":%b}',
        b'"dims":{"customers":{"customer_id":%b}}',
        b'"context":%b',
        b'"ev":%b',
        b'"ea":%b',
        b'"items":[{"type":"lead","id":%b}]',
    ],
)
def test_an_event_that_nests_too_deep_is_rejected(levels: int, where: bytes) -> None:
    deep = b'{"a":' * levels + b"1" + b"}" * levels
    item = b'{"ec":"user","uid":"u1",%b}' % (where % deep)
    good = encoded(event())
    inbound = read_raw(good, item, good)
    assert [rejected.index for rejected in inbound.rejected] == [1]


def test_c2_numbers_of_any_length_are_read() -> None:
    item = b'{"ec":"a","uid":12345678901234567890123,"dims":{"customers":{"customer_id":4.0}}}'
    command = the_track(read_raw(item))
    assert (command.uid, command.cid) == ("12345678901234567890123", "4")


def test_null_parts_are_absent() -> None:
    parts: Json = dict.fromkeys(("items", "dims", "extra", "cvar", "context", "ev", "aid"))
    command = the_track(read(event(**parts)))
    assert (decoded(command.properties), decoded(command.context)) == ({}, {})
    empty = {"customers": None, "users": None}
    assert msgspec.json.decode(the_track(read(event(dims=empty))).properties) == {}
