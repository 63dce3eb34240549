"""Conditions as SQL, each in two ways: whom it holds for, and whether it holds for one profile.

Whom it holds for is quick to ask when they are few, and whether it holds when they are many:
`projections.queries.plan` chooses.
"""

from collections.abc import Callable
from operator import eq, ge, gt, le, lt
from typing import Any, NamedTuple

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Double,
    Select,
    Table,
    Text,
    and_,
    false,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from domain.instants import day_of
from projections.columns import TEXT
from projections.profiles import NEVER
from projections.queries.filters import TIMES, Attribute, Column, Did, Filter, Group, Scalar
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


class place_of(GenericFunction[int]):  # noqa: N801 - a function in SQL, named like one
    """Where a text holds another, from 1; 0 when it does not. Case counts in both databases."""

    inherit_cache = True


@compiles(place_of)
def _in_sqlite(element: place_of, compiler: SQLCompiler, **more: Any) -> str:
    return f"instr({compiler.process(element.clauses, **more)})"


@compiles(place_of, "postgresql")
def _in_postgres(element: place_of, compiler: SQLCompiler, **more: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **more)})"


class unindexed(GenericFunction[Any]):  # noqa: N801 - a function in SQL, named like one
    """A column's value so that no index offers itself for its order: it would be begun from then.

    Written without parameters, for PostgreSQL groups by what is literally the same.
    """

    inherit_cache = True


@compiles(unindexed)
def _unindexed_in_sqlite(element: unindexed, compiler: SQLCompiler, **more: Any) -> str:
    return f"(+{compiler.process(element.clauses, **more)})"


@compiles(unindexed, "postgresql")
def _unindexed_in_postgres(element: unindexed, compiler: SQLCompiler, **more: Any) -> str:
    [column] = element.clauses
    neutral = "|| ''" if isinstance(column.type, Text) else "+ 0"
    return f"({compiler.process(column, **more)} {neutral})"


class Values(NamedTuple):
    """The columns of an attribute's value, or expressions that no index offers itself for."""

    text: ColumnElement[Any]
    number: ColumnElement[Any]
    boolean: ColumnElement[Any]


class Conditions:
    """Writes conditions for one snapshot; `now` is the moment that *last days* count from."""

    def __init__(self, snapshot: Snapshot, now: int) -> None:
        self._snapshot = snapshot
        self._today = day_of(now)
        self._profiles = profiles_in(snapshot)

    @property
    def connection(self) -> Connection:
        """Where the conditions may be tried."""
        return self._snapshot.connection

    def holds(self, tree: Filter) -> Holds:
        """Say whether it holds for a row of the profiles."""
        match tree:
            case Group():
                if tree.is_any:
                    return self._any_holds(tree)
                return and_(true(), *map(self.holds, tree.items))
            case Column():
                return _compared_column(self._profiles.rows, tree)
            case Attribute():
                found = self._has_any(tree)
                return not_(found) if _is_negative(tree) else found
            case Did():
                return self._did(tree)

    def members(self, leaf: Attribute | Column | Did) -> Members | None:
        """List whom it holds for; None where that is most people, as for `!=`."""
        match leaf:
            case Column():
                rows = self._profiles.rows
                return select(rows.c.profile_id).where(_compared_column(rows, leaf))
            case Attribute():
                if _is_negative(leaf):
                    return None
                index = self._profiles.attributes
                is_named = index.c.name == leaf.name
                values = Values(index.c.text, index.c.number, index.c.boolean)
                return select(index.c.profile_id).where(is_named, _compared(values, leaf))
            case Did():
                return self._doers(leaf)

    def candidates(self, leaf: Attribute | Column | Did) -> Select[Any] | None:
        """List no fewer rows than members, quick to cut off; None where there are many."""
        if isinstance(leaf, Did):
            counts = self._counts()
            return select(counts.c.profile_id).where(*self._within(counts, leaf))
        return self.members(leaf)

    def _any_holds(self, tree: Group) -> Holds:
        """Look for all positive conditions on attributes at once: they may be many."""
        together = [
            item for item in tree.items if isinstance(item, Attribute) and not _is_negative(item)
        ]
        apart = [self.holds(item) for item in tree.items if item not in together]
        return or_(false(), *([self._has_any(*together)] if together else []), *apart)

    def _has_any(self, *leaves: Attribute) -> Holds:
        index = self._profiles.attributes
        is_mine = index.c.profile_id == self._profiles.rows.c.profile_id
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

    def _exists(self, index: Table, *holds: Holds) -> Holds:
        found: Select[Any] = select(literal_column("1")).select_from(index).where(*holds)
        if self.connection.dialect.name == "postgresql":
            # Looked up for one profile after the other: a join would first read everybody's rows.
            found = found.offset(literal_column("0"))
        return found.correlate(self._profiles.rows).exists()

    def _did(self, leaf: Did) -> Holds:
        counts = self._counts()
        is_mine = counts.c.profile_id == self._profiles.rows.c.profile_id
        times = select(func.coalesce(func.sum(counts.c.count), 0))
        mine = times.where(is_mine, *self._within(counts, leaf)).correlate(self._profiles.rows)
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
        return [is_named, counts.c.day > self._today - leaf.last_days]


def _is_negative(leaf: Attribute) -> bool:
    return leaf.op == "!=" or (leaf.op == "exists" and leaf.value is False)


def _compared(values: Values, leaf: Attribute) -> Holds:
    """Compare a value of an attribute; a negative condition is the opposite of a positive one."""
    if leaf.op == "exists":
        return true()
    if isinstance(leaf.value, tuple):
        return or_(*(_typed(values, "=", each) for each in leaf.value))
    return _typed(values, "=" if leaf.op == "!=" else leaf.op, leaf.value)


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
