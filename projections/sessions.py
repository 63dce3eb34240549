"""The view `sessions`: runs of activity under one UID (rules Z1-Z3).

A session the SDK names is that of its id. Other activities form runs without a gap over 30
minutes; a late one extends a run, or joins two. Both come out the same in any order, and a fold
of the UID moves none of them.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Index,
    MetaData,
    RowMapping,
    Table,
    and_,
    bindparam,
    case,
    delete,
    select,
)

from domain.draft import Recorded
from domain.events import ActivityTracked
from domain.instants import SECOND
from projections import upserts
from projections.columns import key, optional_text, text, whole
from projections.identities import origin_key
from projections.states import Recall
from projections.turns import hold
from projections.visits import DETAILS, Entry, Run, details, joined, together, visit

GAP = 30 * 60 * SECOND
"""Microseconds without activity after which the next one begins a new session."""

SDK, RUN = "sdk:", "run:"
"""How the key of a session starts: named by the SDK, or by the moment it started."""

AT_ONCE = 500
"""UIDs asked for in one query: databases limit what can be bound."""

Runs = dict[str, list[Run]]
Named = dict[tuple[str, str], Run]


def session_table(metadata: MetaData, prefix: str) -> Table:
    """Declare the table, or find it declared."""
    name = f"{prefix}sessions"
    found = metadata.tables.get(name)
    return _declared(metadata, name) if found is None else found


class Sessions:
    """The projection. Another `gap`, in microseconds, makes other sessions: rebuild then."""

    name = "sessions"
    version = 1

    def __init__(self, gap: int = GAP) -> None:
        self._gap = gap

    def declare(self, metadata: MetaData, prefix: str) -> None:
        """See `actors.ports.Projection.declare`."""
        session_table(metadata, prefix)

    def open(self, metadata: MetaData, prefix: str, recall: Recall) -> "SessionsFold":  # noqa: ARG002 - the events say it all
        """See `actors.ports.Projection.open`."""
        return SessionsFold(session_table(metadata, prefix), self._gap)


class SessionsFold:
    """Joins the runs of a page in memory, then with their neighbours in the table."""

    def __init__(self, table: Table, gap: int) -> None:
        self._table = table
        self._gap = gap

    def fold(self, connection: Connection, page: Sequence[tuple[int, Recorded]]) -> None:
        """See `actors.ports.Fold.fold`."""
        named, loose = _visits(page)
        runs = {origin: joined(found, self._gap) for origin, found in loose.items()}
        rows = [_row(origin, SDK + told, run) for (origin, told), run in named.items()]
        upserts.put_where(connection, self._table, rows, self._together)
        if runs:
            hold(connection, runs)
            self._join(connection, runs, self._neighbours(connection, runs))

    def forget(self) -> None:
        """See `actors.ports.Fold.forget`; nothing is in memory."""

    def _together(self, new: upserts.Excluded) -> dict[str, ColumnElement[Any]]:
        """Say in SQL what `visits.together` says."""
        old = self._table.c
        is_earlier, is_later = new["started"] < old.started, new["ended"] > old.ended
        is_entry = new["entry_key"] < old.entry_key
        return {
            "started": case((is_earlier, new["started"]), else_=old.started),
            "ended": case((is_later, new["ended"]), else_=old.ended),
            "activities": old.activities + new["activities"],
            **{
                name: case((is_entry, new[name]), else_=old[name])
                for name in ("entry_key", *DETAILS)
            },
        }

    def _neighbours(self, connection: Connection, runs: Runs) -> Runs:
        """Read the runs that those of the page may touch."""
        table = self._table.c
        earliest = min(found[0].started for found in runs.values()) - self._gap
        latest = max(found[-1].ended for found in runs.values()) + self._gap
        touching = and_(
            table.session >= RUN,
            table.session < SDK,
            table.ended >= earliest,
            table.started <= latest,
        )
        origins, near = sorted(runs), Runs()
        for start in range(0, len(origins), AT_ONCE):
            some = table.origin.in_(origins[start : start + AT_ONCE])
            for row in connection.execute(select(self._table).where(some, touching)):
                near.setdefault(row.origin, []).append(_run(row._mapping))  # noqa: SLF001 - SQLAlchemy's public name
        return near

    def _join(self, connection: Connection, runs: Runs, near: Runs) -> None:
        stale: list[upserts.Row] = []
        fresh: list[upserts.Row] = []
        for origin, found in runs.items():
            known = near.get(origin, [])
            now = joined([*known, *found], self._gap) if known else found
            starts = {run.started for run in now}
            stale += (
                {"whose": origin, "which": f"{RUN}{run.started}"}
                for run in known
                if run.started not in starts
            )
            fresh += (_row(origin, f"{RUN}{run.started}", run) for run in now if run not in known)
        if stale:
            table = self._table.c
            which = and_(table.origin == bindparam("whose"), table.session == bindparam("which"))
            connection.execute(delete(self._table).where(which), stale)
        upserts.put(connection, self._table, fresh)  # nearly all of them only end later


def _visits(page: Iterable[tuple[int, Recorded]]) -> tuple[Named, Runs]:
    """Give the sessions that the SDK named, and each other activity as a run of one."""
    named, loose = Named(), Runs()
    for _, recorded in page:
        event = recorded.event
        if not isinstance(event, ActivityTracked) or event.content.uid is None:
            continue
        origin = origin_key(event.content.uid, recorded.profile_id)
        told, run = visit(event)
        if told is None:
            loose.setdefault(origin, []).append(run)
        else:
            have = named.get((origin, told))
            named[origin, told] = run if have is None else together(have, run)
    return named, loose


def _row(origin: str, session: str, run: Run) -> upserts.Row:
    return {
        "origin": origin,
        "session": session,
        "started": run.started,
        "ended": run.ended,
        "activities": run.activities,
        "entry_key": run.entry.key,
        **dict(zip(DETAILS, details(run.entry), strict=True)),
    }


def _run(row: RowMapping) -> Run:
    entry = Entry(row["entry_key"], None, tuple(row[name] for name in DETAILS))
    return Run(row["started"], row["ended"], row["activities"], entry)


def _declared(metadata: MetaData, name: str) -> Table:
    return Table(
        name,
        metadata,
        key("origin"),
        key("session"),
        whole("started"),
        whole("ended"),
        whole("activities"),
        text("entry_key"),
        *map(optional_text, DETAILS),
        Index(f"{name}_by_start", "origin", "started", "session"),
        sqlite_with_rowid=False,
    )
