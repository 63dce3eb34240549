"""JSON objects that travel as they were written, once proven readable."""

from collections.abc import Mapping
from typing import Any

import msgspec

from domain.attributes import RawJson
from domain.commands import EMPTY
from service.wire.errors import UNDECODABLE, InvalidCall, TooDeep

Object = Mapping[str, Any]

NOTHING: tuple[RawJson, Object] = (EMPTY, {})

_ANY = msgspec.json.Decoder()


def open_object(field: str, raw: msgspec.Raw, levels: int) -> tuple[RawJson, Object]:
    """Give an object as it was written and as it reads; absent and `null` are empty.

    What comes out decodes again wherever it is looked at: valid UTF-8, no number that nobody
    can hold, no nesting that exhausts a decoder. (A `Raw` alone promises none of that.)
    """
    if not len(raw):
        return NOTHING
    text = bytes(raw)
    try:
        value = _ANY.decode(text)
    except RecursionError:
        raise TooDeep(field=field, levels=levels) from None
    except UNDECODABLE as error:
        raise InvalidCall(field=field, expected="readable", found=str(error)) from None
    if type(value) is dict:
        return text, value
    if value is None:
        return NOTHING
    found = f"it is of type {type(value).__name__}"
    raise InvalidCall(field=field, expected="an object or null", found=found)


def merged(under: Object, over: Object) -> dict[str, Any]:
    """Lay one object over another, objects in them likewise; elsewhere `over` wins."""
    result = dict(under)
    for name, value in over.items():
        below = result.get(name)
        both = isinstance(below, dict) and isinstance(value, dict)
        result[name] = merged(below, value) if both and below is not None else value
    return result


def require_shallow(field: str, value: object, levels: int) -> None:
    """Refuse what nests further than `levels`."""
    if _is_deeper(value, levels):
        raise TooDeep(field=field, levels=levels)


def _is_deeper(value: object, levels: int) -> bool:
    if type(value) is dict:
        parts = list(value.values())
    elif type(value) is list:
        parts = value
    else:
        return False
    return levels == 0 or any(_is_deeper(part, levels - 1) for part in parts)
