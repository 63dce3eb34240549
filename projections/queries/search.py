"""Finding profiles: a filter, an order, a page of it."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec import structs
from sqlalchemy import ColumnElement, Select, select, tuple_

from domain.instants import Instant
from projections.queries import counting, plan
from projections.queries.conditions import Conditions
from projections.queries.counting import Place
from projections.queries.cursors import cursor, read_cursor
from projections.queries.errors import BadQuery
from projections.queries.filters import EVERYTHING, Attribute, Did, Filter, conditions
from projections.queries.functions import unindexed
from projections.queries.gathering import gathered
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
    search = structs.replace(search, filter=gathered(search.filter))
    written = Conditions(snapshot, now)
    rows, counted = _page_and_count(snapshot, search, written)
    page = rows[: search.limit]
    return Found(
        profiles=[msgspec.Raw(row.document.encode()) for row in page],
        next=_next(search, page[-1]) if len(rows) > search.limit else None,
        unknown_attributes=_unknown(snapshot, search.filter),
        count=counted,
    )


def _page_and_count(
    snapshot: Snapshot, search: Search, written: Conditions
) -> tuple[Sequence[Any], int | msgspec.UnsetType]:
    tree = search.filter
    is_listed = search.count and counting.is_listed(tree)
    start = starting_from(written, tree, plan.COUNTED if is_listed else plan.FEW)
    if is_listed and start is not None:
        places = counting.everyone(snapshot, written, _order(search)[0], start)
        return _page_among(snapshot, search, places), len(places)
    rows = snapshot.connection.execute(page_statement(snapshot, search, written, start)).all()
    counted = counting.count(snapshot, tree, written, start) if search.count else msgspec.UNSET
    return rows, counted


def page_statement(
    snapshot: Snapshot, search: Search, written: Conditions, start: Start | None
) -> Select[Any]:
    """Write the query of one page: a walk in order, or from where to start and sorted then."""
    rows = profiles_in(snapshot).rows
    key, is_descending = _order(search)
    column, least = rows.c[key], rows.c.profile_id
    asked = search.filter if start is None else start.left
    statement = select(column.label("key"), least, rows.c.document).where(written.holds(asked))
    if search.after is not None:
        place = tuple_(*_place(search, search.after))
        here = tuple_(column, least)
        statement = statement.where(here < place if is_descending else here > place)
    by: ColumnElement[Any] = column
    if start is not None:
        statement = statement.where(least.in_(start.members))
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


def _page_among(snapshot: Snapshot, search: Search, places: Iterable[Place]) -> Sequence[Any]:
    """Read a page of those that are known, and one more."""
    rows = profiles_in(snapshot).rows
    key, is_descending = _order(search)
    ordered = sorted(places, reverse=is_descending)
    if search.after is not None:
        after = tuple(_place(search, search.after))
        ordered = [at for at in ordered if (at < after if is_descending else at > after)]
    ids = [profile_id for _, profile_id in ordered[: search.limit + 1]]
    columns = rows.c[key].label("key"), rows.c.profile_id, rows.c.document
    statement = select(*columns).where(rows.c.profile_id.in_(ids))
    found = {row.profile_id: row for row in snapshot.connection.execute(statement)}
    return [found[profile_id] for profile_id in ids]


def _unknown(snapshot: Snapshot, tree: Filter) -> list[str]:
    index = profiles_in(snapshot).attributes
    names = sorted({each.name for each in conditions(tree) if isinstance(each, Attribute)})
    return [
        name
        for name in names
        if snapshot.connection.execute(select(1).where(index.c.name == name).limit(1)).first()
        is None
    ]
