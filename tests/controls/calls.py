"""Calls as SDKs make them, each with a message id of its own and sensible defaults."""

from collections.abc import Mapping
from itertools import count
from typing import Any, TypedDict, Unpack

import msgspec

from domain.attributes import RawJson
from domain.commands import EMPTY, Alias, Identify, Reject, Track
from domain.identifiers import Cid, LinkKey, Uid
from domain.instants import Instant
from tests.controls.times import day

Values = Mapping[str, Any]
"""Attributes or properties as Python values; the builders write them as JSON."""

_numbers = count(1)


class When(TypedDict, total=False):
    """What every call may carry; a call happens on day 1 unless it says `at`."""

    at: Instant
    links: tuple[LinkKey, ...]
    message_id: str
    source: str


class WithUid(When, total=False):
    """A call that may name a UID."""

    uid: str | None


class Common(WithUid, total=False):
    """A call that may name a UID, a CID or both."""

    cid: str | None


class _Carried(TypedDict):
    message_id: str
    occurred_at: Instant
    received_at: Instant
    source: str
    uid: Uid | None
    cid: Cid | None
    links: tuple[LinkKey, ...]


def device(name: str) -> LinkKey:
    """Give the link key of a device."""
    return f"device:{name}"


def raw(values: Values | None) -> dict[str, RawJson]:
    """Write attributes the way commands carry them."""
    return {name: msgspec.json.encode(value) for name, value in (values or {}).items()}


def message_id() -> str:
    """Give an id that no other example has."""
    return f"m{next(_numbers):08}"


def track(
    name: str = "Clicked",
    *,
    properties: Values | None = None,
    attributes: Values | None = None,
    **common: Unpack[Common],
) -> Track:
    """Say that somebody did something."""
    return Track(
        **_carried(common),
        name=name,
        properties=msgspec.json.encode(properties) if properties else EMPTY,
        attributes=raw(attributes),
    )


def page(path: str = "/", **common: Unpack[Common]) -> Track:
    """Say that somebody looked at a page (rule C8)."""
    return track("$page", properties={"path": path}, **common)


def group(group_id: str, *, traits: Values | None = None, **common: Unpack[Common]) -> Track:
    """Say that somebody belongs to a group (rule C8)."""
    properties = {"groupId": group_id, "traits": dict(traits or {})}
    return track("$group", properties=properties, attributes={"groups": [group_id]}, **common)


def identify(
    uid: str | None = None,
    cid: str | None = None,
    *,
    attributes: Values | None = None,
    **when: Unpack[When],
) -> Identify:
    """Say who somebody is, and what is known of them."""
    common: Common = {"uid": uid, "cid": cid, **when}
    return Identify(**_carried(common), attributes=raw(attributes))


def alias(previous_id: str, cid: str, **with_uid: Unpack[WithUid]) -> Alias:
    """Say that what was called `previous_id` is the person called `cid`."""
    common: Common = {"cid": cid, **with_uid}
    return Alias(**_carried(common), previous_id=Uid(previous_id))


def rejected(
    code: str = "poison_id",
    message: str = "Expected userId to name one person, got the placeholder 'null'",
    **common: Unpack[Common],
) -> Reject:
    """Say that a call could not be taken."""
    return Reject(**_carried(common), code=code, message=message, sample=b'{"userId":"null"}')


def _carried(common: Common) -> _Carried:
    at = common.get("at", day(1))
    uid, cid = common.get("uid"), common.get("cid")
    return {
        "message_id": common.get("message_id") or message_id(),
        "occurred_at": at,
        "received_at": at,
        "source": common.get("source", "web"),
        "uid": None if uid is None else Uid(uid),
        "cid": None if cid is None else Cid(cid),
        "links": common.get("links", ()),
    }
