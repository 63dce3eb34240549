"""What each type of call means: the command it becomes (rules C6 to C8)."""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypedDict

import msgspec

from domain.attributes import RawJson
from domain.commands import Alias, Call, Identify, Track
from domain.identifiers import Cid, LinkKey, Uid
from domain.instants import Instant
from service.wire.attributes import attributes
from service.wire.call import SegmentCall, read_label, read_name
from service.wire.contents import Contents
from service.wire.errors import NoId
from service.wire.ids import read_id
from service.wire.rules import WireRules
from service.wire.surroundings import surroundings


class Common(TypedDict):
    """What every command carries."""

    message_id: str
    occurred_at: Instant
    received_at: Instant
    original_at: Instant | None
    sent_at: Instant | None
    source: str
    uid: Uid | None
    cid: Cid | None
    links: tuple[LinkKey, ...]
    context: RawJson


Make = Callable[[SegmentCall, Contents, Common, WireRules], Call]


def _track(call: SegmentCall, contents: Contents, common: Common, rules: WireRules) -> Call:
    name = read_name("event", call.event, rules.limits.name)
    return Track(
        **common,
        name=name,
        properties=contents.properties,
        attributes=surroundings(contents.context_read, common["source"]),
    )


def _page(call: SegmentCall, contents: Contents, common: Common, rules: WireRules) -> Call:
    referrer = contents.properties_read.get("referrer")
    return Track(
        **common,
        name="$page",
        properties=_named(call, contents, rules),
        attributes=surroundings(contents.context_read, common["source"], referrer),
    )


def _screen(call: SegmentCall, contents: Contents, common: Common, rules: WireRules) -> Call:
    return Track(
        **common,
        name="$screen",
        properties=_named(call, contents, rules),
        attributes=surroundings(contents.context_read, common["source"]),
    )


def _group(call: SegmentCall, contents: Contents, common: Common, rules: WireRules) -> Call:
    group_id = read_id("groupId", call.group_id, rules.poison)
    if group_id is None:
        raise NoId(fields="groupId")
    group = msgspec.json.encode(group_id)
    return Track(
        **common,
        name="$group",
        properties=b'{"groupId":%b,"traits":%b}' % (group, contents.traits),
        attributes={**surroundings(contents.context_read, common["source"]), "groups": group},
    )


def _identify(call: SegmentCall, contents: Contents, common: Common, rules: WireRules) -> Call:  # noqa: ARG001 - one signature for all
    return Identify(
        **common,
        attributes=attributes(
            contents.traits,
            contents.traits_read,
            contents.context,
            contents.context_read,
            rules.limits.name,
        ),
    )


def _alias(call: SegmentCall, contents: Contents, common: Common, rules: WireRules) -> Call:  # noqa: ARG001 - one signature for all
    previous = read_id("previousId", call.previous_id, rules.poison)
    if previous is None:
        raise NoId(fields="previousId")
    if common["cid"] is None:
        raise NoId(fields="userId")
    return Alias(**common, previous_id=Uid(previous))


def _named(call: SegmentCall, contents: Contents, rules: WireRules) -> RawJson:
    """Put name and category among the properties, unless they stand there already."""
    added: dict[str, Any] = {}
    for field, value in (("name", call.name), ("category", call.category)):
        label = read_label(field, value, rules.limits.name)
        if label is not None and contents.properties_read.get(field) != label:
            added[field] = label
    if not added:
        return contents.properties
    return msgspec.json.encode({**contents.properties_read, **added})


MAKERS: Final[Mapping[str, Make]] = {
    "track": _track,
    "identify": _identify,
    "page": _page,
    "screen": _screen,
    "group": _group,
    "alias": _alias,
}
"""How a call of each type becomes a command."""

TYPES: Final = ", ".join(MAKERS)
