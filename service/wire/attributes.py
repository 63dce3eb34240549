"""The attributes that an identify sets (rule C6)."""

import msgspec

from domain.attributes import RawJson
from service.wire.errors import InvalidCall, NameTooLong
from service.wire.objects import Object, merged

DIGITS = 308
"""Longer whole numbers are beyond what can be compared with others."""

_RAW_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])


class _Context(msgspec.Struct, gc=False):
    traits: dict[str, msgspec.Raw] | None = None


_CONTEXT = msgspec.json.Decoder(_Context)


def attributes(
    traits: RawJson, traits_read: Object, context: RawJson, context_read: Object, longest: int
) -> dict[str, RawJson]:
    """Lay the root traits over those of the context, each value as JSON.

    Values stay as they were written; only where both sides hold an object is one made anew.
    """
    below = _context_traits(context, context_read)
    result = {name: bytes(value) for name, value in below.items()}
    beneath = context_read.get("traits") or {}
    for name, value in _RAW_MEMBERS.decode(traits).items():
        under, over = beneath.get(name), traits_read[name]
        if isinstance(under, dict) and isinstance(over, dict):
            result[name] = msgspec.json.encode(merged(under, over))
        else:
            result[name] = bytes(value)
    for name, raw in result.items():
        _check(name, raw, longest)
    return result


def _context_traits(context: RawJson, context_read: Object) -> dict[str, msgspec.Raw]:
    traits = context_read.get("traits")
    if traits is None:
        return {}
    if type(traits) is not dict:
        found = f"it is of type {type(traits).__name__}"
        raise InvalidCall(field="context.traits", expected="an object or null", found=found)
    return _CONTEXT.decode(context).traits or {}


def _check(name: str, raw: RawJson, longest: int) -> None:
    if len(name) > longest:
        raise NameTooLong(field="the name of a trait", length=len(name), limit=longest)
    if len(raw) > DIGITS and raw.removeprefix(b"-").isdigit():
        raise InvalidCall(
            field=f"traits.{name}", expected=f"of at most {DIGITS} digits", found="it has more"
        )
