"""The filter tree: what is asked of profiles, read from JSON and checked.

A condition is one of

* `{"attribute": "plan", "op": "=", "value": "pro"}`
* `{"column": "last_seen", "op": ">=", "value": "2026-11-01T00:00:00Z"}`
* `{"activity": "Order Completed", "at_least": 2, "last_days": 30}`

and a group is `{"and": [...]}` or `{"or": [...]}` of up to 20 conditions or groups of them.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, cast

import msgspec

from domain.instants import parse_instant
from projections.columns import COMPARED, storable
from projections.queries.errors import (
    BadFilter,
    BadValue,
    FilterTooDeep,
    FilterTooWide,
    UnknownColumn,
    UnknownOperator,
)

WIDTH, DEPTH = 20, 2
CHOICES = 100
"""Values that `in` may list."""

Operator = Literal["=", "!=", "<", "<=", ">", ">=", "contains", "starts_with", "exists", "in"]
EQUALITY: tuple[Operator, ...] = ("=", "!=", "in", "exists")
ORDER: tuple[Operator, ...] = ("<", "<=", ">", ">=")
TEXTUAL: tuple[Operator, ...] = ("contains", "starts_with")
OPERATORS: tuple[Operator, ...] = (*EQUALITY, *ORDER, *TEXTUAL)

TEXTS, TIMES, NUMBERS = ("kind", "uid", "cid"), ("first_seen", "last_seen"), ("activity_count",)
COLUMNS = (*TEXTS, *TIMES, *NUMBERS)

Scalar = str | float | bool
"""What a value is compared with; an instant is an integer by then."""

MOST = 2**63 - 1


class Attribute(msgspec.Struct, frozen=True):
    """A condition on an attribute; of a list, any member may fulfil it.

    `value` is a list for `in`, a boolean for `exists`.
    """

    name: str
    op: Operator
    value: Scalar | tuple[Scalar, ...]


class Column(msgspec.Struct, frozen=True):
    """A condition on a column that every profile has; values as for `Attribute`."""

    name: str
    op: Operator
    value: Scalar | tuple[Scalar, ...]


class Did(msgspec.Struct, frozen=True):
    """An activity at least so often, within the last UTC days, today included (None: ever)."""

    activity: str
    at_least: int
    last_days: int | None


class Group(msgspec.Struct, frozen=True):
    """All of the items hold, or with `is_any` one of them."""

    is_any: bool
    items: "tuple[Filter, ...]"


Filter = Attribute | Column | Did | Group

EVERYTHING = Group(is_any=False, items=())


def parse_filter(text: str | bytes) -> Filter:
    """Read a filter from JSON. Raises `BadQuery`."""
    try:
        told = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadFilter("a JSON object", text) from None
    return read_filter(told)


def read_filter(told: object, depth: int = 0) -> Filter:
    """Read a filter from JSON values. Raises `BadQuery`."""
    if not isinstance(told, dict):
        raise BadFilter("a condition or a group as a JSON object", told)
    kinds = told.keys() & _FIELDS.keys()
    if len(kinds) != 1:
        raise BadFilter("exactly one of and, or, attribute, column, activity", told)
    kind = kinds.pop()
    allowed = {kind, *_FIELDS[kind]}
    if not told.keys() <= allowed:
        raise BadFilter(f"no fields but {', '.join(sorted(allowed))}", told)
    if kind in {"and", "or"}:
        return _group(told, kind, depth)
    return _READERS[kind](told)


def conditions(tree: Filter) -> Iterator[Attribute | Column | Did]:
    """List the conditions of a tree."""
    if isinstance(tree, Group):
        for item in tree.items:
            yield from conditions(item)
    else:
        yield tree


def _group(told: Mapping[str, Any], kind: str, depth: int) -> Group:
    items = told[kind]
    if depth >= DEPTH:
        raise FilterTooDeep(DEPTH)
    if not isinstance(items, list) or not items:
        raise BadFilter(f"{kind} to be a list with conditions", items)
    if len(items) > WIDTH:
        raise FilterTooWide(WIDTH, len(items))
    return Group(kind == "or", tuple(read_filter(item, depth + 1) for item in items))


def _attribute(told: Mapping[str, Any]) -> Attribute:
    op = _operator(told, OPERATORS)
    return Attribute(_name(told["attribute"]), op, _value(op, told, _comparable))


def _column(told: Mapping[str, Any]) -> Column:
    name = told["column"]
    read: Callable[[Any], Scalar]
    if name in TEXTS:
        known, read = (*EQUALITY, *ORDER, *TEXTUAL), _text
    elif name in TIMES:
        known, read = (*EQUALITY, *ORDER), _instant
    elif name in NUMBERS:
        known, read = (*EQUALITY, *ORDER), _whole
    else:
        raise UnknownColumn(name, COLUMNS)
    op = _operator(told, known)
    return Column(name, op, _value(op, told, read))


def _did(told: Mapping[str, Any]) -> Did:
    days = told.get("last_days")
    return Did(
        _name(told["activity"]),
        _between("at_least", told.get("at_least", 1), 1_000_000),
        None if days is None else _between("last_days", days, 36_500),
    )


def _operator(told: Mapping[str, Any], known: tuple[Operator, ...]) -> Operator:
    op = told.get("op")
    if op not in known:
        raise UnknownOperator(op, known)
    return cast("Operator", op)


def _value(op: Operator, told: Mapping[str, Any], read: Any) -> Scalar | tuple[Scalar, ...]:
    value = told.get("value")
    if op == "exists":
        if value is not None and not isinstance(value, bool):
            raise BadValue("exists with true, false or no value", value)
        return value is not False
    if op == "in":
        if not isinstance(value, list) or not 0 < len(value) <= CHOICES:
            raise BadValue(f"in with a list of 1 to {CHOICES} values", value)
        return tuple(read(each) for each in value)
    found: Scalar = read(value)
    if op in TEXTUAL and not isinstance(found, str):
        raise BadValue(f"{op} with a text", value)
    if op in ORDER and isinstance(found, bool):
        raise BadValue(f"{op} with a text or a number", value)
    return found


def _comparable(value: object) -> Scalar:
    if isinstance(value, bool):
        return value
    return _number(value) if isinstance(value, int | float) else _text(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise BadValue("a text, a number, true or false", value)
    if len(value) > COMPARED:
        raise BadValue(f"a text of at most {COMPARED} characters", value)
    return storable(value)


def _number(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        raise BadValue("a number that a double can hold", value) from None


def _instant(value: object) -> int:
    if not isinstance(value, str):
        raise BadValue("a time as RFC 3339", value)
    return parse_instant(value)


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > MOST:
        raise BadValue("a whole number", value)
    return value


def _between(field: str, value: object, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise BadValue(f"{field} to be a whole number from 1 to {most:,}", value)
    return value


def _name(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise BadFilter("a name", value)
    return storable(value)


_READERS: dict[str, Callable[[Mapping[str, Any]], Attribute | Column | Did]] = {
    "attribute": _attribute,
    "column": _column,
    "activity": _did,
}
_FIELDS: dict[str, tuple[str, ...]] = {
    "and": (),
    "or": (),
    "attribute": ("op", "value"),
    "column": ("op", "value"),
    "activity": ("at_least", "last_days"),
}
