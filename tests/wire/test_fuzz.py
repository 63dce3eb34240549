"""Whatever arrives: no error but `Unreadable`, and no command that somebody chokes on later."""

import gzip
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import msgspec
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from domain.attributes import SYSTEM
from domain.commands import Alias, AnyCommand, Identify, Reject, Track
from domain.instants import rfc3339
from service.wire.bodies import unpacked
from service.wire.envelope import write_key_in
from service.wire.errors import Unreadable
from service.wire.inbound import Inbound
from service.wire.pixel import read_pixel
from service.wire.seed_requests import read_event_query, read_events, write_key_of_events
from service.wire.segment import read_batch, read_one
from service.wire.surroundings import surroundings
from tests.wire.reading import RECEIVED, RULES, decoded, encoded, envelope

FUZZ = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Any machine may be busy with something else."""

TYPES = ["track", "identify", "page", "screen", "group", "alias"]
FIELDS = [
    *("type", "messageId", "anonymousId", "userId", "previousId", "groupId", "event", "name"),
    *("category", "timestamp", "originalTimestamp", "sentAt", "properties", "traits", "context"),
]

texts = st.text(st.characters(codec="utf-8"), max_size=8)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=4,
)
ids = st.sampled_from(["u1", "c1", "", "null", "0", 7, None]) | scalars
objects = st.dictionaries(st.sampled_from(["device", "id", "traits", "x"]), json_values, max_size=4)
moments = st.datetimes().map(lambda moment: moment.isoformat()) | scalars
calls = st.fixed_dictionaries(
    {"type": st.sampled_from(TYPES), "userId": ids},
    optional={
        "event": texts,
        "name": texts | json_values,
        **{name: ids for name in FIELDS if name.endswith("Id") and name != "userId"},
        **dict.fromkeys(("timestamp", "originalTimestamp", "sentAt"), moments),
        **dict.fromkeys(("properties", "traits", "context"), objects | json_values),
    },
)
batches = st.lists(calls, max_size=4)
odd_bytes = st.sampled_from(
    [
        *(b"1e999", b"-0", b"1e-999", b"9" * 400, b"tru", b" \n1 ", b"{}", b"null"),
        *(b'"\\ud800"', b'"\xff"', b'"\\u0000"', b"[" * 20 + b"]" * 20),
        *(b'{"":{"":1}}', b'{"a":1,"a":"\xff"}'),
    ]
)


NAMES = ["identify", "sign_in", "sign_up", "set_attributes", "view", "", None, 7]
PEOPLE = ["customers", "users", "customer_id", "name", "identify_id", "type", "id", "utm_source"]
people = st.dictionaries(st.sampled_from(PEOPLE), json_values, max_size=4)
seed_events = st.fixed_dictionaries(
    {"ec": st.sampled_from(["user", "pageview", "screen", "x"]), "uid": ids},
    optional={
        "ea": st.sampled_from(NAMES),
        "dims": st.dictionaries(st.sampled_from(PEOPLE), people | json_values, max_size=3),
        **dict.fromkeys(("extra", "cvar"), people | json_values),
        "items": st.lists(people | json_values, max_size=2) | json_values,
        "context": objects | json_values,
        "timestamp": moments,
        **dict.fromkeys(("aid", "client_id", "messageId"), ids),
        "ev": json_values,
    },
)
SEED_FIELDS = ["ea", "en", "aid", "items", "dims", "extra", "cvar", "context", "ev", "timestamp"]
PLACES = ["os", "device", "page", "campaign", "userAgent", "locale", "timezone"]
MEMBERS = ["name", "version", "model", "type", "url", "referrer", "initial_referrer", "source"]
contexts = st.dictionaries(
    st.sampled_from(PLACES),
    json_values | st.dictionaries(st.sampled_from(MEMBERS), json_values | texts),
)
fields = st.sampled_from(
    [*FIELDS, *SEED_FIELDS, "ec", "uid", "properties.a.b", "context.page", "."]
)
queries = st.dictionaries(fields, texts | json_values.map(encoded).map(bytes.decode)).map(
    lambda pairs: urlencode(pairs).encode()
)
headers = st.lists(
    st.tuples(st.sampled_from([b"user-agent", b"referer", b"x"]), st.binary(max_size=9))
)

odd_seed_members = st.tuples(st.sampled_from(SEED_FIELDS), odd_bytes | st.binary(max_size=4))
odd_members = st.tuples(st.sampled_from(FIELDS), odd_bytes | st.binary(max_size=4))


@st.composite
def odd_calls(draw: st.DrawFn) -> bytes:
    """Write calls field by field, with values that are JSON only by syntax, or not even."""
    members = draw(st.lists(odd_members, max_size=6))
    members += [("type", encoded(draw(st.sampled_from(TYPES)))), ("userId", b'"c1"')]
    return b"{%b}" % b",".join(b'"%b":%b' % (name.encode(), raw) for name, raw in members)


@st.composite
def odd_events(draw: st.DrawFn) -> bytes:
    """Write events of the seed likewise."""
    members = draw(st.lists(odd_seed_members, max_size=6))
    members += [("ec", b'"user"'), ("uid", b'"u1"')]
    return b"{%b}" % b",".join(b'"%b":%b' % (name.encode(), raw) for name, raw in members)


def check(inbound: Inbound, count: int) -> None:
    """Assert that there is one command a call, and that each of them can be used."""
    assert len(inbound.commands) == count
    rejects = [i for i, command in enumerate(inbound.commands) if isinstance(command, Reject)]
    assert rejects == [rejected.index for rejected in inbound.rejected]
    sent = msgspec.msgpack.encode(inbound.commands)
    assert msgspec.msgpack.decode(sent, type=list[AnyCommand]) == inbound.commands
    msgspec.json.encode(inbound.rejected)
    for command in inbound.commands:
        check_command(command)


def check_command(command: AnyCommand) -> None:
    """Assert that whatever a command holds can be read, shown and written again."""
    for at in (command.occurred_at, command.original_at, command.sent_at):
        assert at is None or rfc3339(at)
    assert command.message_id
    for raw in raws_of(command):
        msgspec.json.encode(decoded(raw), order="sorted")


def raws_of(command: AnyCommand) -> list[bytes]:
    """List the raw JSON that a command carries."""
    match command:
        case Track():
            return [command.context, command.properties, *command.attributes.values()]
        case Identify():
            return [command.context, *command.attributes.values()]
        case Alias() | Reject():
            return [command.context]


def taken(body: bytes, *, kind: str | None = None) -> Inbound | None:
    """Read a body; None when it is refused as a whole."""
    try:
        if kind is None:
            return read_batch(body, RULES, "web", RECEIVED)
        return read_one(body, kind, RULES, "web", RECEIVED)
    except Unreadable:
        return None


@FUZZ
@given(batches, objects, moments)
def test_any_json_in_the_shape_of_calls_is_taken_or_rejected(
    sent: list[dict[str, Any]], context: dict[str, Any], sent_at: object
) -> None:
    inbound = taken(envelope(*map(encoded, sent), context=context, sentAt=sent_at))
    assert inbound is not None
    check(inbound, len(sent))


@FUZZ
@given(st.lists(odd_calls(), max_size=4))
@example([b'{"type":"identify","userId":"c1","traits":{"a":%b}}' % (b"9" * 400)])
def test_whatever_stands_in_a_call_nothing_unreadable_gets_through(sent: list[bytes]) -> None:
    inbound = taken(envelope(*sent))
    if inbound is not None:
        check(inbound, len(sent))


@FUZZ
@given(st.one_of(odd_calls(), calls.map(encoded), st.binary()), st.sampled_from(TYPES))
def test_single_calls_likewise(body: bytes, kind: str) -> None:
    inbound = taken(body, kind=kind)
    if inbound is not None:
        check(inbound, 1)


@FUZZ
@given(st.lists(seed_events, max_size=4), objects)
def test_any_json_in_the_shape_of_the_seeds_events_is_taken_or_rejected(
    sent: list[dict[str, Any]], context: dict[str, Any]
) -> None:
    inbound = taken(envelope(*map(encoded, sent), context=context))
    assert inbound is not None
    check(inbound, len(sent))
    alone = read_events(encoded(sent), RULES, "web", RECEIVED)
    check(alone, len(sent))


@FUZZ
@given(st.lists(odd_events(), max_size=3))
def test_whatever_stands_in_an_event_nothing_unreadable_gets_through(sent: list[bytes]) -> None:
    inbound = taken(envelope(*sent))
    if inbound is not None:
        check(inbound, len(sent))


@FUZZ
@given(st.binary())
def test_any_bytes_are_events_or_refused(body: bytes) -> None:
    with suppress(Unreadable):
        write_key_of_events(body)
    with suppress(Unreadable):
        inbound = read_events(body, RULES, "web", RECEIVED)
        check(inbound, len(inbound.commands))


@FUZZ
@given(st.one_of(st.binary(), queries), headers)
def test_any_query_is_one_call_or_refused(query: bytes, sent: list[tuple[bytes, bytes]]) -> None:
    for kind in ("track", "page"):
        with suppress(Unreadable):
            check(read_pixel(query, sent, kind, RULES, "web", RECEIVED), 1)
    with suppress(Unreadable):
        check(read_event_query(query, sent, RULES, "web", RECEIVED), 1)


@FUZZ
@given(contexts)
def test_any_context_gives_system_attributes_that_can_be_shown(context: dict[str, Any]) -> None:
    written = surroundings(context, "web")
    assert written.keys() <= SYSTEM.keys()
    for raw in written.values():
        assert isinstance(decoded(raw), str)
    assert surroundings(context, "web") == written


@FUZZ
@given(batches, st.data())
def test_a_damaged_batch_is_read_or_refused(
    sent: list[dict[str, Any]], data: st.DataObject
) -> None:
    body = bytearray(envelope(*map(encoded, sent)))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(body) - 1))
        body[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    inbound = taken(bytes(body))
    if inbound is not None:
        check(inbound, len(inbound.commands))


@FUZZ
@given(st.binary() | st.binary().map(gzip.compress), st.sampled_from([None, "gzip"]), st.data())
def test_any_bytes_are_unpacked_or_refused(
    body: bytes, encoding: str | None, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(body)))
    with suppress(Unreadable):
        write_key_in(unpacked(body[:cut] + body, encoding, 10_000))
