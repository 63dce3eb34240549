"""The calls that could not be taken, newest first, and how many there are of each code."""

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Table, func, select

from domain.instants import Instant, rfc3339
from projections.columns import storable
from projections.queries.cursors import cursor, read_cursor
from projections.queries.snapshot import Snapshot, rejections_in

VIEWS = ("rejections",)
QUESTION = "rejections"


class Rejected(msgspec.Struct, frozen=True):
    """Which rejections: `since` is included, `until` is not; None asks for all."""

    source: str | None = None
    code: str | None = None
    since: Instant | None = None
    until: Instant | None = None
    limit: int = 50
    after: str | None = None


def rejections(snapshot: Snapshot, asked: Rejected) -> dict[str, Any]:
    """Give `{"rejections": [...], "next": cursor or null, "counts": {code: number}}`.

    The counts are of all times, of the source and code that are asked for. Raises `BadPage`.
    """
    table, counts = rejections_in(snapshot)
    statement = select(table).where(*_named(table, asked))
    if asked.since is not None:
        statement = statement.where(table.c.recorded_at >= asked.since)
    if asked.until is not None:
        statement = statement.where(table.c.recorded_at < asked.until)
    if asked.after is not None:
        [place] = read_cursor(asked.after, QUESTION, int)
        statement = statement.where(table.c.position < place)
    newest_first = statement.order_by(table.c.position.desc()).limit(asked.limit + 1)
    rows = snapshot.connection.execute(newest_first).all()
    page = rows[: asked.limit]
    more = len(rows) > asked.limit
    total = select(counts.c.code, func.sum(counts.c.count)).where(*_named(counts, asked))
    by_code = snapshot.connection.execute(total.group_by(counts.c.code).order_by(counts.c.code))
    return {
        "rejections": [_told(row) for row in page],
        "next": cursor(QUESTION, page[-1].position) if more else None,
        "counts": {code: int(count) for code, count in by_code},
    }


def _named(table: Table, asked: Rejected) -> list[ColumnElement[bool]]:
    wanted = []
    if asked.source is not None:
        wanted.append(table.c.source == storable(asked.source))
    if asked.code is not None:
        wanted.append(table.c.code == storable(asked.code))
    return wanted


def _told(row: Any) -> dict[str, Any]:
    return {
        "source": row.source,
        "code": row.code,
        "message": row.message,
        "message_id": row.message_id,
        "occurred_at": rfc3339(row.occurred_at),
        "recorded_at": rfc3339(row.recorded_at),
        "sample": row.sample,
        "position": row.position,
    }
