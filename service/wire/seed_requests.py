"""The seed's own address: one event, a list of them, or one in the query."""

from typing import Any, Final

import msgspec

from domain.instants import Instant
from service.wire.envelope import decoded
from service.wire.errors import UNDECODABLE, InvalidJson, TooManyCalls
from service.wire.inbound import Inbound
from service.wire.queries import Headers, fields_of, with_asker
from service.wire.reading import Reading
from service.wire.rules import WireRules

JSON_FIELDS: Final = ("items", "dims", "extra", "cvar", "context")
"""Fields of a query that are JSON."""

KEY: Final = "prop_id"
"""What the seed calls a source; its value is the write key."""

EVENTS: Final = "an event or a list of events"


class _Keyed(msgspec.Struct, gc=False):
    writeKey: Any = None  # noqa: N815 - its name on the wire
    prop_id: Any = None


_BODY = msgspec.json.Decoder(msgspec.Raw)
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_KEYED = msgspec.json.Decoder(_Keyed)
_ANY = msgspec.json.Decoder()


def read_events(body: bytes, rules: WireRules, source: str, received_at: Instant) -> Inbound:
    """Read the event or events of a body; see `segment.read_batch`."""
    events = _events(body)
    if len(events) > rules.limits.calls:
        raise TooManyCalls(len(events), rules.limits.calls)
    reading = Reading(rules, source, received_at)
    for event in events:
        reading.take(bytes(event))
    return reading.inbound()


def read_event_query(
    query: bytes, headers: Headers, rules: WireRules, source: str, received_at: Instant
) -> Inbound:
    """Read the event that a query is."""
    event: dict[str, Any] = dict(fields_of(query))
    for name in JSON_FIELDS:
        if name in event:
            event[name] = _read(event[name])
    context = event.get("context")
    if context is None or isinstance(context, dict):
        event["context"] = with_asker(context or {}, headers)
    reading = Reading(rules, source, received_at)
    reading.take(msgspec.json.encode(event))
    return reading.inbound()


def write_key_of_events(body: bytes) -> str | None:
    """Find the write key that a body of events carries: of the first one."""
    events = _events(body)
    if not events:
        return None
    try:
        keyed = _KEYED.decode(events[0])
    except UNDECODABLE:
        return None
    key = keyed.prop_id if keyed.writeKey is None else keyed.writeKey
    if isinstance(key, int) and not isinstance(key, bool):
        return str(key)
    return key if isinstance(key, str) else None


def _events(body: bytes) -> list[msgspec.Raw]:
    """Take a body apart into its events."""
    whole = decoded(_BODY, body, EVENTS)
    first = bytes(whole)[:1]
    if first == b"[":
        return decoded(_LIST, bytes(whole), EVENTS)
    if first != b"{":
        raise InvalidJson(expected=EVENTS, found="it is another JSON value")
    return [whole]


def _read(text: str) -> object:
    """Read JSON; a text that is none stays a text, and the event is rejected for it."""
    try:
        read: object = _ANY.decode(text)
    except (*UNDECODABLE, RecursionError):
        return text
    return read
