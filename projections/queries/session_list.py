"""The sessions of a profile, over all its UIDs, newest first."""

from typing import Any

from sqlalchemy import select, tuple_

from domain.instants import rfc3339
from projections.queries.cursors import cursor, read_cursor
from projections.queries.snapshot import Snapshot, identities_in, sessions_in
from projections.queries.whose import Kind, profile_of, uid_of
from projections.sessions import SDK
from projections.visits import DETAILS

VIEWS = ("identities", "sessions")
QUESTION = "sessions"


def sessions_of(
    snapshot: Snapshot, kind: Kind, value: str, limit: int, after: str | None
) -> dict[str, Any] | None:
    """Give `{"sessions": [...], "next": cursor or null}`; None for an unknown profile.

    Raises `BadPage`.
    """
    place = None if after is None else read_cursor(after, QUESTION, int, str, str)
    profile_id = profile_of(snapshot, kind, value)
    if profile_id is None:
        return None
    origins, table = identities_in(snapshot).origins, sessions_in(snapshot)
    here = (table.c.started, table.c.origin, table.c.session)
    statement = select(table).join(origins, origins.c.origin == table.c.origin)
    statement = statement.where(origins.c.profile_id == profile_id)
    if place is not None:
        statement = statement.where(tuple_(*here) < tuple_(*place))
    newest_first = (column.desc() for column in here)
    rows = snapshot.connection.execute(statement.order_by(*newest_first).limit(limit + 1)).all()
    page = rows[:limit]
    more = len(rows) > limit
    return {
        "sessions": [_told(row) for row in page],
        "next": cursor(QUESTION, page[-1].started, page[-1].origin, page[-1].session)
        if more
        else None,
    }


def _told(row: Any) -> dict[str, Any]:
    named = row.session.removeprefix(SDK)
    return {
        "uid": uid_of(row.origin),
        "session_id": named if named != row.session else None,
        "started_at": rfc3339(row.started),
        "ended_at": rfc3339(row.ended),
        "activity_count": row.activities,
        **{name: getattr(row, name) for name in DETAILS},
    }
