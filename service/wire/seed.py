"""The seed product's dialect: what its events mean, said as calls.

Three historic shapes of identifying somebody are taken: in `extra`, in the first of `items`, and
in `dims.customers` (decision 0012).
"""

from typing import Final

import msgspec

from domain.commands import EMPTY, Call, Track
from domain.errors import BadTimestamp
from domain.instants import SECOND, rfc3339
from service.limits import Limits
from service.wire.attributes import attributes
from service.wire.call import SegmentCall, read_label, read_name
from service.wire.commands import MAKERS, Common, Make
from service.wire.contents import Contents
from service.wire.errors import TooDeep
from service.wire.rules import WireRules
from service.wire.seed_context import context_of
from service.wire.seed_event import Members, SeedEvent, decode_event, is_seed_event, value_of
from service.wire.seed_people import IDENTIFY, SETTING, attributes_of, cid_of
from service.wire.surroundings import surroundings

VIEWS: Final = {"pageview/view": "$page", "screenview/view": "$screen", "screen/view": "$screen"}
PEOPLE: Final = ("customers", "users")
"""The dimensions that are people, not things that an activity was about."""

MILLISECONDS = 100_000_000_000
"""Epoch numbers from here on count milliseconds, smaller ones seconds."""

DIGITS = 9
"""Texts of so many digits are epoch numbers too; shorter ones may be dates."""


def seed_call(item: bytes, limits: Limits) -> tuple[SegmentCall, Make] | None:
    """Read an event as a call and what that becomes; None when it is no event of the seed."""
    try:
        return _said(decode_event(item), limits.name) if is_seed_event(item) else None
    except RecursionError:
        raise TooDeep(field="an event", levels=limits.levels) from None


def _said(event: SeedEvent, longest: int) -> tuple[SegmentCall, Make]:
    name = _name_of(event, longest)
    dims, extra, items = event.dims or {}, event.all_extra, event.items or []
    call = SegmentCall(
        message_id=event.messageId,
        anonymous_id=event.uid,
        user_id=cid_of(name, dims, extra, items),
        event=VIEWS.get(name, name),
        timestamp=_moment(event.timestamp),
        sent_at=event.sentAt,
        properties=_properties(event, dims, extra),
        traits=_raw(attributes_of(name, dims, extra, items)),
        context=context_of(event, extra),
    )
    return call, _identify if name in IDENTIFY or name == SETTING else _activity


def _identify(call: SegmentCall, contents: Contents, common: Common, rules: WireRules) -> Call:
    return MAKERS["identify"](call, contents, common, rules)


def _activity(call: SegmentCall, contents: Contents, common: Common, rules: WireRules) -> Call:
    """Make an activity; unlike Segment's, it may say who the person is."""
    longest = rules.limits.name
    people = attributes(contents.traits, contents.traits_read, EMPTY, {}, longest)
    around = surroundings(contents.context_read, common["source"])
    return Track(
        **common,
        name=read_name("ec and ea, or en,", call.event, longest),
        properties=contents.properties,
        attributes={**around, **people} if people else around,
    )


def _name_of(event: SeedEvent, longest: int) -> str:
    parts = (read_label("ec", event.ec, longest), read_label("ea", event.ea, longest))
    return "/".join(filter(None, parts)) or read_label("en", event.en, longest) or ""


def _properties(event: SeedEvent, dims: Members, extra: Members) -> msgspec.Raw:
    """Lay what the activity was about beside its own fields."""
    things = {name: value for name, value in dims.items() if name not in PEOPLE}
    beside: dict[str, object] = {}
    if event.items:
        beside["items"] = event.items
    if things:
        beside["dims"] = things
    if value_of(event.ev) is not None:
        beside["ev"] = event.ev
    return _raw({**extra, **beside})


def _moment(timestamp: object) -> object:
    """Write a moment that came as a number the way all the others are."""
    try:
        if isinstance(timestamp, str) and len(timestamp) >= DIGITS and timestamp.isdecimal():
            timestamp = int(timestamp)
        if isinstance(timestamp, bool) or not isinstance(timestamp, int | float):
            return timestamp
        seconds = timestamp / 1_000 if abs(timestamp) >= MILLISECONDS else timestamp
        return rfc3339(round(seconds * SECOND))
    except (OverflowError, ValueError):
        raise BadTimestamp(timestamp if isinstance(timestamp, str) else "a number") from None


def _raw(members: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(members))
