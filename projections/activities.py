"""The view `activities`: how often each activity happened, day by day.

`daily` counts by source and name; `profile_days` also by profile, for *did X at least n times in
the last d days* and for counting profiles. A fold moves the visitor's rows to its customer, who
may have the same days already: the counts are added.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Index, MetaData, Table, delete, select

from domain.draft import Recorded
from domain.events import ActivityTracked, Folded
from domain.instants import day_of
from projections import upserts
from projections.columns import key, profile_key, storable, whole, whole_key
from projections.states import Recall

Days = Counter[tuple[str, str, int, str]]
"""How often, by (profile, name, day, source)."""


class ActivityTables(NamedTuple):
    """`daily` counts by (source, name, day), `profile_days` by (profile, name, day, source)."""

    daily: Table
    profile_days: Table


def activity_tables(metadata: MetaData, prefix: str) -> ActivityTables:
    """Declare the tables, or find them declared."""
    daily = metadata.tables.get(f"{prefix}daily")
    profile_days = metadata.tables.get(f"{prefix}profile_days")
    return ActivityTables(
        _daily(metadata, f"{prefix}daily") if daily is None else daily,
        _profile_days(metadata, f"{prefix}profile_days") if profile_days is None else profile_days,
    )


class Activities:
    """The projection. A day is a UTC day, the one the activity occurred on."""

    name = "activities"
    version = 2

    def declare(self, metadata: MetaData, prefix: str) -> None:
        """See `actors.ports.Projection.declare`."""
        activity_tables(metadata, prefix)

    def open(self, metadata: MetaData, prefix: str, recall: Recall) -> "ActivitiesFold":  # noqa: ARG002 - the events say it all
        """See `actors.ports.Projection.open`."""
        return ActivitiesFold(activity_tables(metadata, prefix))


class ActivitiesFold:
    """Counts a page in memory and adds the sums: additions commute."""

    def __init__(self, tables: ActivityTables) -> None:
        self._tables = tables

    def fold(self, connection: Connection, page: Sequence[tuple[int, Recorded]]) -> None:
        """See `actors.ports.Fold.fold`."""
        counts, moved = _counts(page), _moved(page)
        daily: Counter[tuple[str, int, str]] = Counter()
        for (_, name, day, source), count in counts.items():
            daily[name, day, source] += count
        if moved:
            counts += self._taken(connection, moved)
        upserts.add(connection, self._tables.daily, _daily_rows(daily))
        upserts.add(connection, self._tables.profile_days, _profile_rows(counts, moved))

    def _taken(self, connection: Connection, visitors: Iterable[str]) -> Days:
        """Remove what is counted for visitors; nobody else writes it, for their streams closed."""
        table = self._tables.profile_days
        is_theirs = table.c.profile_id.in_(list(visitors))
        rows = connection.execute(select(table).where(is_theirs)).all()
        if rows:
            connection.execute(delete(table).where(is_theirs))
        return Counter({(row.profile_id, row.name, row.day, row.source): row[-1] for row in rows})

    def forget(self) -> None:
        """See `actors.ports.Fold.forget`; nothing is in memory."""


def _counts(page: Iterable[tuple[int, Recorded]]) -> Days:
    counts: Days = Counter()
    for _, recorded in page:
        event = recorded.event
        if isinstance(event, ActivityTracked):
            profile, source = profile_key(recorded.profile_id), storable(event.moment.source)
            counts[profile, storable(event.name), day_of(event.moment.occurred_at), source] += 1
    return counts


def _moved(page: Iterable[tuple[int, Recorded]]) -> dict[str, str]:
    """Give whose the visitors are that are folded in a page."""
    return {
        profile_key(recorded.profile_id): profile_key(recorded.event.customer_id)
        for _, recorded in page
        if isinstance(recorded.event, Folded)
    }


def _daily_rows(counts: Counter[tuple[str, int, str]]) -> list[upserts.Row]:
    return [
        {"name": name, "day": day, "source": source, "count": count}
        for (name, day, source), count in counts.items()
    ]


def _profile_rows(counts: Days, moved: Mapping[str, str]) -> list[upserts.Row]:
    owned: Days = Counter()
    for (profile, name, day, source), count in counts.items():
        owned[moved.get(profile, profile), name, day, source] += count
    return [
        {"profile_id": profile, "name": name, "day": day, "source": source, "count": count}
        for (profile, name, day, source), count in owned.items()
    ]


def _daily(metadata: MetaData, name: str) -> Table:
    return Table(
        name,
        metadata,
        key("name"),
        whole_key("day"),
        key("source"),
        whole("count"),
        Index(f"{name}_by_day", "day", "name", "source"),
        sqlite_with_rowid=False,
    )


def _profile_days(metadata: MetaData, name: str) -> Table:
    return Table(
        name,
        metadata,
        key("profile_id"),
        key("name"),
        whole_key("day"),
        key("source"),
        whole("count"),
        Index(f"{name}_by_name", "name", "day", "source", "profile_id", "count"),
        sqlite_with_rowid=False,
    )
