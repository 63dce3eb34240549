"""How often activities happened, day by day, and how many profiles did them."""

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Table, func, select, tuple_

from domain.instants import date_text
from projections.columns import storable
from projections.queries.cursors import cursor, read_cursor
from projections.queries.snapshot import Snapshot, activities_in

VIEWS = ("activities",)
QUESTION = "daily"


class Daily(msgspec.Struct, frozen=True):
    """Which counts: of UTC days from 1970-01-01 as day 0, both included; None asks for all.

    `profiles` also counts the different profiles; `after` is the `next` of an earlier page.
    """

    name: str | None = None
    source: str | None = None
    first_day: int | None = None
    last_day: int | None = None
    limit: int = 1_000
    after: str | None = None
    profiles: bool = False


def daily_counts(snapshot: Snapshot, asked: Daily) -> dict[str, Any]:
    """Give `{"days": [...], "next": cursor or null}`, in the order of days. Raises `BadPage`."""
    table = activities_in(snapshot).daily
    here = (table.c.day, table.c.name, table.c.source)
    statement = select(*here, table.c.count).where(*_asked_of(table, asked))
    if asked.after is not None:
        place = read_cursor(asked.after, QUESTION, int, str, str)
        statement = statement.where(tuple_(*here) > tuple_(*place))
    rows = snapshot.connection.execute(statement.order_by(*here).limit(asked.limit + 1)).all()
    page = rows[: asked.limit]
    told = [
        {"day": date_text(row.day), "name": row.name, "source": row.source, "count": row[3]}
        for row in page
    ]
    if asked.profiles and page:
        found = _profiles(snapshot, asked, page[0].day, page[-1].day)
        for row, each in zip(page, told, strict=True):
            each["profiles"] = found.get((row.day, row.name, row.source), 0)
    rest = cursor(QUESTION, *page[-1][:3]) if len(rows) > asked.limit else None
    return {"days": told, "next": rest}


def _profiles(
    snapshot: Snapshot, asked: Daily, first: int, last: int
) -> dict[tuple[int, str, str], int]:
    """Count the different profiles of each day, name and source between two days."""
    counts = activities_in(snapshot).profile_days
    key = (counts.c.day, counts.c.name, counts.c.source)
    between = counts.c.day.between(first, last)
    # A profile has one row for each.
    statement = select(*key, func.count()).where(*_asked_of(counts, asked), between).group_by(*key)
    rows = snapshot.connection.execute(statement)
    return {(day, name, source): count for day, name, source, count in rows}


def _asked_of(table: Table, asked: Daily) -> list[ColumnElement[bool]]:
    wanted = []
    if asked.name is not None:
        wanted.append(table.c.name == storable(asked.name))
    if asked.source is not None:
        wanted.append(table.c.source == storable(asked.source))
    if asked.first_day is not None:
        wanted.append(table.c.day >= asked.first_day)
    if asked.last_day is not None:
        wanted.append(table.c.day <= asked.last_day)
    return wanted
