"""The view `activities`: how often each activity happened, day by day.

`daily` counts by source and name; `origin_days` also by origin, for *did X at least n times in
the last d days* and for counting profiles. A fold moves no row: see `projections.identities`.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Index, MetaData, Table

from domain.draft import Recorded
from domain.events import ActivityTracked
from domain.instants import day_of
from projections import upserts
from projections.columns import key, storable, whole, whole_key
from projections.identities import origin_key
from projections.states import Recall


class ActivityTables(NamedTuple):
    """`daily` counts by (source, name, day), `origin_days` by (origin, name, day, source)."""

    daily: Table
    origin_days: Table


def activity_tables(metadata: MetaData, prefix: str) -> ActivityTables:
    """Declare the tables, or find them declared."""
    daily = metadata.tables.get(f"{prefix}daily")
    origin_days = metadata.tables.get(f"{prefix}origin_days")
    return ActivityTables(
        _daily(metadata, f"{prefix}daily") if daily is None else daily,
        _origin_days(metadata, f"{prefix}origin_days") if origin_days is None else origin_days,
    )


class Activities:
    """The projection. A day is a UTC day, the one the activity occurred on."""

    name = "activities"
    version = 1

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
        by_origin: Counter[tuple[str, str, int, str]] = Counter()
        for _, recorded in page:
            event = recorded.event
            if isinstance(event, ActivityTracked):
                moment = event.moment
                origin = origin_key(event.content.uid, recorded.profile_id)
                by_origin[origin, event.name, day_of(moment.occurred_at), moment.source] += 1
        daily: Counter[tuple[str, str, int]] = Counter()
        for (_, name, day, source), count in by_origin.items():
            daily[source, name, day] += count
        upserts.add(connection, self._tables.daily, _daily_rows(daily))
        upserts.add(connection, self._tables.origin_days, _origin_rows(by_origin))

    def forget(self) -> None:
        """See `actors.ports.Fold.forget`; nothing is in memory."""


def _daily_rows(counts: Counter[tuple[str, str, int]]) -> list[upserts.Row]:
    return [
        {"source": storable(source), "name": storable(name), "day": day, "count": count}
        for (source, name, day), count in counts.items()
    ]


def _origin_rows(counts: Counter[tuple[str, str, int, str]]) -> list[upserts.Row]:
    return [
        {
            "origin": origin,
            "name": storable(name),
            "day": day,
            "source": storable(source),
            "count": count,
        }
        for (origin, name, day, source), count in counts.items()
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


def _origin_days(metadata: MetaData, name: str) -> Table:
    return Table(
        name,
        metadata,
        key("origin"),
        key("name"),
        whole_key("day"),
        key("source"),
        whole("count"),
        Index(f"{name}_by_name", "name", "day", "origin", "count"),
        sqlite_with_rowid=False,
    )
