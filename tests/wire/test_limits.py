"""How much a call and a batch may weigh, and what bad input gets (design, section 5)."""

import msgspec
import pytest

from domain.commands import Reject, Track
from service.limits import Limits
from service.wire.call import decode_call
from service.wire.errors import TooDeep, Unreadable
from service.wire.objects import open_object
from service.wire.rules import WireRules
from service.wire.segment import read_batch, read_one
from tests.wire.reading import (
    RECEIVED,
    RULES,
    call,
    code_of,
    decoded,
    encoded,
    envelope,
    read,
    read_raw,
    the_rejection,
    the_track,
)

LIMITS = Limits()


def nested(levels: int) -> object:
    """Give objects and lists in turn inside each other."""
    value: object = 1
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return value


def sized(size: int) -> bytes:
    """Give a call of exactly this many bytes."""
    bare = encoded(call("track", event="e", properties={"x": ""}))
    return encoded(call("track", event="e", properties={"x": "x" * (size - len(bare))}))


def unreadable(body: bytes, rules: WireRules = RULES) -> tuple[str, int]:
    """Give the code and status with which a whole batch is refused."""
    with pytest.raises(Unreadable) as caught:
        read_batch(body, rules, "web", RECEIVED)
    assert caught.value.message == str(caught.value)
    return caught.value.code, caught.value.status


def test_one_bad_call_does_not_hurt_the_others() -> None:
    good = encoded(call("track", event="e"))
    inbound = read_raw(good, b"7", good, b'{"type":"track","event":1e999,"userId":"c"}', good)
    kinds = [type(command) for command in inbound.commands]
    assert kinds == [Track, Reject, Track, Reject, Track]
    assert [rejected.index for rejected in inbound.rejected] == [1, 3]


def test_a_rejection_keeps_what_there_was() -> None:
    item = encoded({"messageId": "m9", "type": "odd", "x": "y" * 2_000})
    (command,) = read_raw(item).commands
    assert isinstance(command, Reject)
    assert (command.message_id, command.source, command.occurred_at) == ("m9", "web", RECEIVED)
    assert command.sample == item[:1_024]


def test_a_call_of_32_kib_is_taken_and_a_larger_one_is_rejected() -> None:
    assert the_track(read_raw(sized(LIMITS.call))).name == "e"
    code, message = the_rejection(read_raw(sized(LIMITS.call + 1)))
    assert code == "call_too_large"
    assert message == "Expected a call of at most 32768 bytes, got 32769"


def test_what_the_batch_adds_counts_for_the_size_of_a_call() -> None:
    context = {"x": "x" * 1_000}
    assert code_of(read_raw(sized(LIMITS.call - 500), context=context)) == "call_too_large"


@pytest.mark.parametrize("field", ["properties", "traits", "context"])
def test_sixteen_levels_are_taken_and_more_are_rejected(field: str) -> None:
    assert the_track(read(call("track", event="e", **{field: nested(15)}))).name == "e"
    assert the_track(read(call("track", event="e", **{field: {"b": nested(15)}}))).name == "e"
    code, message = the_rejection(read(call("track", event="e", **{field: {"b": nested(16)}})))
    assert (code, message) == (
        "too_deep",
        f"Expected {field} to nest at most 16 levels, got more",
    )


@pytest.mark.parametrize("levels", [100, 900, 1_000, 5_000])
@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_however_deep_one_call_nests_the_others_are_taken(levels: int, opening: bytes) -> None:
    closing = b"]" if opening == b"[" else b"}"
    deep = b'{"b":%b1%b}' % (opening * levels, closing * levels)
    good = encoded(call("track", event='a "quoted [ {'))
    bad = b'{"type":"track","event":"e","userId":"c1","properties":%b}' % deep
    inbound = read_raw(good, bad, good)
    assert [(r.index, r.code) for r in inbound.rejected] == [(1, "too_deep")]
    assert [type(command) for command in inbound.commands] == [Track, Reject, Track]


def test_what_exhausts_a_decoder_is_too_deep_at_whatever_stage_it_is_met() -> None:
    deep = b"[" * 5_000 + b"]" * 5_000
    with pytest.raises(TooDeep):
        decode_call(b'{"userId":%b}' % deep, LIMITS.levels)
    with pytest.raises(TooDeep):
        open_object("properties", msgspec.Raw(deep), LIMITS.levels)


@pytest.mark.parametrize("field", ["properties", "traits", "context"])
@pytest.mark.parametrize("bad", ["x", 1, True, [], [{}]], ids=repr)
def test_what_should_be_an_object_and_is_none_is_rejected(field: str, bad: object) -> None:
    assert code_of(read(call("track", event="e", **{field: bad}))) == "invalid_call"


@pytest.mark.parametrize("item", [b"null", b"7", b'"x"', b"[]", b"true", b"[{}]"])
def test_a_call_that_is_no_object_is_rejected(item: bytes) -> None:
    assert code_of(read_raw(item)) == "invalid_call"


@pytest.mark.parametrize(
    "bad", [b"1e999", b"-1e999", b"1" * 5_000, b'"\xff"', b'"\xed\xa0\x80"'], ids=repr
)
@pytest.mark.parametrize("field", ["properties", "traits", "context"])
def test_what_nobody_can_decode_later_is_rejected_now(field: str, bad: bytes) -> None:
    item = b'{"type":"track","event":"e","userId":"c1","%b":{"a":[%b]}}'
    assert code_of(read_raw(item % (field.encode(), bad))) == "invalid_call"


def test_half_an_emoji_costs_no_call() -> None:
    item = rb'{"type":"track","event":"e","userId":"c1","properties":{"t":"\ud83d","b":"\\ud83d"}}'
    pair = rb'{"type":"track","event":"\ud83d\ude00 \udc00","userId":"c1"}'
    half, whole = read_raw(item, pair).commands
    assert isinstance(half, Track)
    assert decoded(half.properties) == {"t": "\ufffd", "b": "\\ud83d"}
    assert isinstance(whole, Track)
    assert whole.name == "\U0001f600 \ufffd"


def test_half_an_emoji_in_an_id_is_no_id() -> None:
    assert code_of(read_raw(rb'{"type":"track","event":"e","userId":"\ud83d"}')) == "bad_id"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"null",
        b"[]",
        b'"x"',
        b"{",
        b"{}",
        b'{"batch":{}}',
        b'{"batch":null}',
        b'{"batch":[{]}',
        b'{"batch":[]} x',
        b'{"batch":[NaN]}',
        b'{"batch":["\x00"]}',
        b'{"batch":[],"sentAt":"\xff"}',
        b'{"batch":[],"context":[]}',
        b'{"batch":[],"context":{"a":"\xff"}}',
        b"\xff\xfe{\x00}\x00",
        b"[" * 200_000,
        b'{"batch":[' + b"[]," * 200_000,
        b'{"batch":[' + b"[" * 100_000 + b"]" * 100_000 + b"]}",
        b'{"batch":["\\ud800',
        b'{"batch":["' + b"\\\\" * 100_000,
        b'{"batch":["' + b'\\"' * 100_000,
    ],
)
def test_a_body_that_is_no_batch_is_refused_as_a_whole(body: bytes) -> None:
    assert unreadable(body) == ("invalid_json", 400)


def test_a_batch_context_that_nests_too_deep_is_refused_as_a_whole() -> None:
    assert unreadable(envelope(context={"b": nested(16)})) == ("invalid_json", 400)


def test_2500_calls_are_taken_and_more_are_refused() -> None:
    item = encoded(call("page"))
    assert len(read_raw(*[item] * LIMITS.calls).commands) == LIMITS.calls
    assert unreadable(envelope(*[item] * (LIMITS.calls + 1))) == ("too_many_calls", 400)


def test_a_batch_context_may_not_blow_the_batch_up() -> None:
    context = {"x": "x" * 20_000}
    calls = [encoded(call("page"))] * 300
    assert unreadable(envelope(*calls, context=context)) == ("body_too_large", 413)


def test_limits_are_configuration() -> None:
    rules = WireRules(limits=Limits(calls=1, levels=1, name=3, message_id=2))
    assert unreadable(envelope(b"{}", b"{}"), rules) == ("too_many_calls", 400)
    assert code_of(read(call("page", properties={"a": [1]}), rules=rules)) == "too_deep"
    assert code_of(read(call("track", event="long"), rules=rules)) == "name_too_long"
    assert code_of(read(call("page", messageId="m12"), rules=rules)) == "bad_id"


@pytest.mark.parametrize("body", [b"[]", b"7", b"null", b"{", b'{"a":1}x', b""])
def test_a_single_call_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable) as caught:
        read_one(body, "track", RULES, "web", RECEIVED)
    assert caught.value.code == "invalid_json"


def test_a_single_call_that_cannot_be_taken_is_rejected_like_one_of_a_batch() -> None:
    body = b'\xef\xbb\xbf{"event":"e","userId":"\\ud83d"}'
    assert code_of(read_one(body, "track", RULES, "web", RECEIVED)) == "bad_id"
