"""One event as the seed product's SDKs write it: its fields found, not yet understood."""

from typing import Any

import msgspec

from service.wire.errors import UNDECODABLE, InvalidCall

Members = dict[str, msgspec.Raw]
"""An object whose values stay as they were written."""


class SeedEvent(msgspec.Struct, gc=False):
    """`ec` and `ea` say what was done, `en` instead of them in apps; whatever else is left out."""

    ec: Any = None
    ea: Any = None
    en: Any = None
    uid: Any = None
    aid: Any = None
    client_id: Any = None
    messageId: Any = None  # noqa: N815 - its name on the wire
    timestamp: Any = None
    sentAt: Any = None  # noqa: N815 - its name on the wire
    ev: msgspec.Raw = msgspec.Raw()
    items: list[msgspec.Raw] | None = None
    dims: Members | None = None
    extra: Members | None = None
    cvar: Members | None = None
    context: msgspec.Raw = msgspec.Raw()

    @property
    def all_extra(self) -> Members:
        """Give the event's own fields: `extra` over `cvar`, its old name."""
        return {**(self.cvar or {}), **(self.extra or {})}


class _Marks(msgspec.Struct, gc=False):
    """What tells a seed event from a call in Segment's shape."""

    type: Any = None
    ec: Any = None
    en: Any = None


_EVENT = msgspec.json.Decoder(SeedEvent)
_MARKS = msgspec.json.Decoder(_Marks)
_MEMBERS = msgspec.json.Decoder(Members | None)
_ANY = msgspec.json.Decoder()


def is_seed_event(item: bytes) -> bool:
    """Tell whether a call is an event of the seed."""
    try:
        marks = _MARKS.decode(item)
    except UNDECODABLE as error:
        raise InvalidCall(field="an event", expected="readable", found=str(error)) from None
    return marks.type is None and (marks.ec is not None or marks.en is not None)


def decode_event(item: bytes) -> SeedEvent:
    """Find the fields of an event."""
    try:
        return _EVENT.decode(item)
    except UNDECODABLE as error:
        raise InvalidCall(field="an event", expected="readable", found=str(error)) from None


def members_of(field: str, raw: msgspec.Raw | None) -> Members:
    """Open an object by one level; absent and `null` are empty."""
    if raw is None or not len(raw):
        return {}
    try:
        return _MEMBERS.decode(raw) or {}
    except UNDECODABLE as error:
        raise InvalidCall(field=field, expected="an object", found=str(error)) from None


def value_of(raw: msgspec.Raw | None) -> Any:
    """Read a value; None when there is none."""
    if raw is None or not len(raw):
        return None
    try:
        return _ANY.decode(raw)
    except UNDECODABLE as error:
        raise InvalidCall(field="an event", expected="readable", found=str(error)) from None
