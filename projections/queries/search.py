"""Finding profiles: a filter, an order, a page of it."""

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, CompoundSelect, Select, func, intersect, select, tuple_, union

from domain.instants import Instant
from projections.queries.conditions import Conditions, unindexed
from projections.queries.cursors import cursor, read_cursor
from projections.queries.errors import BadQuery
from projections.queries.filters import EVERYTHING, Attribute, Did, Filter, Group, conditions
from projections.queries.plan import Start, starting_from
from projections.queries.snapshot import Snapshot, profiles_in

SORTS = ("last_seen", "first_seen", "activity_count", "born")
DEFAULT_SORT = "-last_seen"
MOST = 200
"""Profiles in a page."""


class Search(msgspec.Struct, frozen=True):
    """What is looked for: `sort` names a column, with a `-` before it descending.

    `after` is the `next` of an earlier page of the same order; `count` asks for the number of
    all that the filter holds for.
    """

    filter: Filter = EVERYTHING
    sort: str = DEFAULT_SORT
    limit: int = 50
    after: str | None = None
    count: bool = False


class Found(msgspec.Struct, frozen=True, omit_defaults=True):
    """A page of profiles as JSON documents, and the `after` of the page that follows.

    `unknown_attributes` are those of the filter that no profile has: spelt wrong, perhaps.
    """

    profiles: list[msgspec.Raw]
    next: str | None
    unknown_attributes: list[str]
    count: int | msgspec.UnsetType = msgspec.UNSET


def views_of(search: Search) -> tuple[str, ...]:
    """Name the views that a search reads."""
    if any(isinstance(each, Did) for each in conditions(search.filter)):
        return "profiles", "activities"
    return ("profiles",)


def find(snapshot: Snapshot, search: Search, now: Instant) -> Found:
    """Find profiles. Raises `BadQuery`."""
    written = Conditions(snapshot, now)
    statement = page_statement(snapshot, search, written, starting_from(written, search.filter))
    rows = snapshot.connection.execute(statement).all()
    page = rows[: search.limit]
    return Found(
        profiles=[msgspec.Raw(row.document.encode()) for row in page],
        next=_next(search, page[-1]) if len(rows) > search.limit else None,
        unknown_attributes=_unknown(snapshot, search.filter),
        count=_count(snapshot, search.filter, written) if search.count else msgspec.UNSET,
    )


def page_statement(
    snapshot: Snapshot, search: Search, written: Conditions, start: Start | None
) -> Select[Any]:
    """Write the query of one page: a walk in order, or from where to start and sorted then."""
    rows = profiles_in(snapshot).rows
    key, is_descending = _order(search)
    column, least = rows.c[key], rows.c.profile_id
    statement = select(column.label("key"), least, rows.c.document).where(
        written.holds(search.filter)
    )
    if search.after is not None:
        place = tuple_(*_place(search, search.after))
        here = tuple_(column, least)
        statement = statement.where(here < place if is_descending else here > place)
    by: ColumnElement[Any] = column
    if start is not None:
        statement = statement.where(least.in_(start[1]))
        by = unindexed(column)
    order = (by.desc(), least.desc()) if is_descending else (by, least)
    return statement.order_by(*order).limit(search.limit + 1)


def _order(search: Search) -> tuple[str, bool]:
    name = search.sort.removeprefix("-")
    if name not in SORTS:
        known = ", ".join(SORTS)
        raise BadQuery("bad_sort", f"Expected to sort by one of {known}, got {search.sort[:80]!r}")
    return "profile_id" if name == "born" else name, search.sort.startswith("-")


def _place(search: Search, after: str) -> list[str | int]:
    key, _ = _order(search)
    return read_cursor(after, search.sort, str if key == "profile_id" else int, str)


def _next(search: Search, last: Any) -> str:
    return cursor(search.sort, last.key, last.profile_id)


def _count(snapshot: Snapshot, tree: Filter, written: Conditions) -> int:
    rows = profiles_in(snapshot).rows
    members = _members(written, tree)
    if members is not None:
        different = func.count(members.subquery().c.profile_id.distinct())
        counted = select(different)
    else:
        start = starting_from(written, tree)
        counted = select(func.count()).select_from(rows).where(written.holds(tree))
        if start is not None:
            counted = counted.where(rows.c.profile_id.in_(start[1]))
    return int(snapshot.connection.execute(counted).scalar_one())


def _members(written: Conditions, tree: Filter) -> Select[Any] | CompoundSelect[Any] | None:
    """List whom a filter holds for, where each of its conditions can: sets cost less to count.

    None where a condition cannot, as `!=`, or where it is a tree of more than one level.
    """
    if not isinstance(tree, Group):
        return written.members(tree)
    found = [None if isinstance(item, Group) else written.members(item) for item in tree.items]
    every = [each for each in found if each is not None]
    if not every or len(every) < len(found):
        return None
    return (union if tree.is_any else intersect)(*every)


def _unknown(snapshot: Snapshot, tree: Filter) -> list[str]:
    index = profiles_in(snapshot).attributes
    names = sorted({each.name for each in conditions(tree) if isinstance(each, Attribute)})
    return [
        name
        for name in names
        if snapshot.connection.execute(select(1).where(index.c.name == name).limit(1)).first()
        is None
    ]
