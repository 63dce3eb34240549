"""One call as an SDK writes it, its fields found but not yet understood."""

from typing import Any

import msgspec

from service.wire.errors import UNDECODABLE, InvalidCall, NameTooLong, NoName, TooDeep


class SegmentCall(msgspec.Struct, rename="camel", gc=False):
    """The fields that any type of call may have; whatever else is there is left out."""

    type: Any = None
    message_id: Any = None
    anonymous_id: Any = None
    user_id: Any = None
    previous_id: Any = None
    group_id: Any = None
    event: Any = None
    name: Any = None
    category: Any = None
    timestamp: Any = None
    original_timestamp: Any = None
    sent_at: Any = None
    properties: msgspec.Raw = msgspec.Raw()
    traits: msgspec.Raw = msgspec.Raw()
    context: msgspec.Raw = msgspec.Raw()


class _Named(msgspec.Struct, rename="camel", gc=False):
    message_id: Any = None


_CALL = msgspec.json.Decoder(SegmentCall)
_NAMED = msgspec.json.Decoder(_Named)


def decode_call(item: bytes, levels: int) -> SegmentCall:
    """Find the fields of a call."""
    try:
        return _CALL.decode(item)
    except RecursionError:
        raise TooDeep(field="a call", levels=levels) from None
    except UNDECODABLE as error:
        raise InvalidCall(field="a call", expected="a readable object", found=str(error)) from None


def message_id_in(item: bytes) -> object:
    """Find the message id of a call that may be broken elsewhere."""
    try:
        named: object = _NAMED.decode(item).message_id
    except (*UNDECODABLE, RecursionError):
        return None
    return named


def read_name(field: str, value: object, longest: int) -> str:
    """Read the name that an activity must have."""
    if type(value) is str and len(value) <= longest and not value.isspace() and value:
        return value
    read_label(field, value, longest)
    raise NoName(field)


def read_label(field: str, value: object, longest: int) -> str | None:
    """Read a text that may be absent."""
    if value is None:
        return None
    if type(value) is not str:
        found = f"it is of type {type(value).__name__}"
        raise InvalidCall(field=field, expected="a text", found=found)
    if len(value) > longest:
        raise NameTooLong(field=field, length=len(value), limit=longest)
    return value
