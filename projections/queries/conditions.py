"""Conditions as SQL, each in two ways: whom it holds for, and whether it holds for one profile.

Whom it holds for is quick to ask when they are few, and whether it holds when they are many:
`projections.queries.plan` chooses.
"""

from collections.abc import Callable, Sequence
from operator import eq, ge, gt, le, lt
from typing import Any, NamedTuple

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Double,
    FromClause,
    Select,
    Table,
    and_,
    bindparam,
    false,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
    true,
)

from domain.instants import day_of
from projections.attribute_index import SECOND
from projections.columns import TEXT
from projections.profiles import NEVER
from projections.queries.filters import TIMES, Attribute, Column, Did, Filter, Group, Scalar
from projections.queries.functions import place_of, unindexed
from projections.queries.snapshot import Snapshot, activities_in, profiles_in

Holds = ColumnElement[bool]
Members = Select[tuple[str]]

_ORDERS: dict[str, Callable[[Any, Any], Any]] = {
    "=": eq,
    "<": lt,
    "<=": le,
    ">": gt,
    ">=": ge,
}


class Values(NamedTuple):
    """The columns of an attribute's value, or expressions that no index offers itself for."""

    text: ColumnElement[Any]
    number: ColumnElement[Any]
    boolean: ColumnElement[Any]


class Conditions:
    """Writes conditions for one snapshot; `now` is the moment that *last days* count from."""

    def __init__(self, snapshot: Snapshot, now: int, listed: FromClause | None = None) -> None:
        self._snapshot = snapshot
        self._now = now
        self._profiles = profiles_in(snapshot)
        self._asked = self._profiles.rows if listed is None else listed

    @property
    def connection(self) -> Connection:
        """Where the conditions may be tried."""
        return self._snapshot.connection

    def among(self, listed: FromClause) -> "Conditions":
        """Write conditions for the rows of a list of profile ids, not those of the profiles."""
        return Conditions(self._snapshot, self._now, listed)

    def holds(self, tree: Filter) -> Holds:
        """Say whether it holds for a row of the profiles."""
        match tree:
            case Group():
                if tree.is_any:
                    return self._any_holds(tree)
                return and_(true(), *map(self.holds, tree.items))
            case Column():
                return self._column(tree)
            case Attribute():
                found = self._has_any(tree)
                return not_(found) if is_negative(tree) else found
            case Did():
                return self._did(tree)

    def members(self, leaf: Attribute | Column | Did) -> Members | None:
        """List whom it holds for; None where that is most people, as for `!=`."""
        match leaf:
            case Column():
                rows = self._profiles.rows
                return select(rows.c.profile_id).where(_compared_column(rows, leaf))
            case Attribute():
                if is_negative(leaf):
                    return None
                return self._with_value(leaf)
            case Did():
                return self._doers(leaf)

    def candidates(self, leaf: Attribute | Column | Did) -> Select[Any] | None:
        """List no fewer rows than members, quick to cut off; None where there are many."""
        if isinstance(leaf, Did):
            counts = self._counts()
            return select(counts.c.profile_id).where(*self._within(counts, leaf))
        return self.members(leaf)

    def together(self, leaves: Sequence[Attribute]) -> tuple[Members, Members]:
        """List whom positive conditions on one attribute may all hold for, in two parts.

        One value fulfils them all, or there are several values, and each may fulfil some.
        """
        index = self._profiles.attributes
        has_several = (index.c.name == leaves[0].name, index.c.place == literal_column(str(SECOND)))
        return self._with_value(*leaves), select(index.c.profile_id).where(*has_several)

    def _with_value(self, *leaves: Attribute) -> Members:
        index = self._profiles.attributes
        is_named = index.c.name == leaves[0].name
        values = Values(index.c.text, index.c.number, index.c.boolean)
        compared = (_compared(values, leaf) for leaf in leaves)
        return select(index.c.profile_id).where(is_named, *compared)

    def _any_holds(self, tree: Group) -> Holds:
        """Look for all positive conditions on attributes at once: they may be many."""
        together = [
            item for item in tree.items if isinstance(item, Attribute) and not is_negative(item)
        ]
        apart = [self.holds(item) for item in tree.items if item not in together]
        return or_(false(), *([self._has_any(*together)] if together else []), *apart)

    def _has_any(self, *leaves: Attribute) -> Holds:
        index = self._profiles.attributes
        is_mine = index.c.profile_id == self._asked.c.profile_id
        values = Values(unindexed(index.c.text), unindexed(index.c.number), index.c.boolean)
        wanted: dict[str, list[Holds]] = {}
        for leaf in leaves:
            wanted.setdefault(leaf.name, []).append(_compared(values, leaf))
        return or_(
            *(
                self._exists(index, is_mine, index.c.name == name, or_(*one))
                for name, one in wanted.items()
            )
        )

    def _column(self, leaf: Column) -> Holds:
        rows = self._profiles.rows
        compared = _compared_column(rows, leaf)
        if self._asked is rows:
            return compared
        return self._exists(rows, rows.c.profile_id == self._asked.c.profile_id, compared)

    def _exists(self, index: Table, *holds: Holds) -> Holds:
        found: Select[Any] = select(literal_column("1")).select_from(index).where(*holds)
        if self.connection.dialect.name == "postgresql":
            # Looked up for one profile after the other: a join would first read everybody's rows.
            found = found.offset(literal_column("0"))
        return found.correlate(self._asked).exists()

    def _did(self, leaf: Did) -> Holds:
        counts = self._counts()
        is_mine = counts.c.profile_id == self._asked.c.profile_id
        times = select(func.coalesce(func.sum(counts.c.count), 0))
        mine = times.where(is_mine, *self._within(counts, leaf)).correlate(self._asked)
        return mine.scalar_subquery() >= leaf.at_least

    def _doers(self, leaf: Did) -> Members:
        counts = self._counts()
        whose = unindexed(counts.c.profile_id)
        return (
            select(whose.label("profile_id"))
            .where(*self._within(counts, leaf))
            .group_by(whose)
            .having(func.sum(counts.c.count) >= leaf.at_least)
        )

    def _counts(self) -> Table:
        return activities_in(self._snapshot).profile_days

    def _within(self, counts: Table, leaf: Did) -> list[Holds]:
        is_named = counts.c.name == leaf.activity
        if leaf.last_days is None:
            return [is_named]
        return [is_named, counts.c.day > day_of(self._now) - leaf.last_days]


def is_negative(leaf: Attribute) -> bool:
    """Tell whether those without the attribute fulfil it."""
    return leaf.op == "!=" or (leaf.op == "exists" and leaf.value is False)


def _compared(values: Values, leaf: Attribute) -> Holds:
    """Compare a value of an attribute; a negative condition is the opposite of a positive one."""
    if leaf.op == "exists":
        return true()
    if isinstance(leaf.value, tuple):
        return _is_one_of(values, leaf.value)
    return _typed(values, "=" if leaf.op == "!=" else leaf.op, leaf.value)


def _is_one_of(values: Values, choices: tuple[Scalar, ...]) -> Holds:
    """Look for all choices of a type at once: in a long list both databases search."""
    texts = [each for each in choices if isinstance(each, str)]
    truths = sorted({each for each in choices if isinstance(each, bool)})
    numbers = [each for each in choices if not isinstance(each, str | bool)]
    holds: list[Holds] = [values.boolean == literal(each, Boolean) for each in truths]
    if texts:
        holds.append(values.text.in_(bindparam(None, texts, TEXT, expanding=True)))
    if numbers:
        holds.append(values.number.in_(bindparam(None, numbers, Double(), expanding=True)))
    return or_(*holds)


def _typed(values: Values, op: str, value: Scalar) -> Holds:
    match value:
        case bool():
            return values.boolean == literal(value, Boolean)
        case str():
            return _text(values.text, op, value)
        case _:
            holds: Holds = _ORDERS[op](values.number, literal(value, Double))
            return holds


def _compared_column(rows: Table, leaf: Column) -> Holds:
    column, value = rows.c[leaf.name], leaf.value
    absent = column == NEVER if leaf.name in TIMES else column.is_(None)
    if leaf.op == "exists":
        return not_(absent) if value else absent
    if leaf.op == "!=":
        return or_(absent, column != value)
    if isinstance(value, tuple):
        return column.in_(value)
    if isinstance(value, str):
        return _text(column, leaf.op, value)
    holds: Holds = _ORDERS[leaf.op](column, value)
    return and_(holds, not_(absent)) if leaf.op in {"<", "<="} else holds


def _text(column: ColumnElement[Any], op: str, value: str) -> Holds:
    told = literal(value, TEXT)
    match op:
        case "contains":
            return place_of(column, told) > 0
        case "starts_with":
            return and_(column >= told, column < literal(_after(value), TEXT))
        case _:
            holds: Holds = _ORDERS[op](column, told)
            return holds


def _after(prefix: str) -> str:
    """Give the least text behind all that start so; nothing is behind the last code point."""
    bare = prefix.rstrip("\U0010ffff")
    if not bare:
        return "\U0010ffff" * (len(prefix) + 1)
    last = ord(bare[-1]) + 1
    return bare[:-1] + chr(0xE000 if last == 0xD800 else last)  # noqa: PLR2004 - surrogates are no characters
