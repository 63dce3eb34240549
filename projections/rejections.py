"""The view `rejections`: the calls that could not be taken, from the journals of the sources."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Index, MetaData, Table

from domain.draft import Recorded
from domain.events import CallRejected
from projections import upserts
from projections.columns import key, storable, text, whole, whole_key
from projections.states import Recall

SAMPLE = 2_000
"""Characters of a rejected call that the view shows; the journal has all that was kept."""


class RejectionTables(NamedTuple):
    """`rows`, one a rejection at its position of the log, and `counts` by source and code."""

    rows: Table
    counts: Table


def rejection_tables(metadata: MetaData, prefix: str) -> RejectionTables:
    """Declare the tables, or find them declared."""
    rows = metadata.tables.get(f"{prefix}rejections")
    counts = metadata.tables.get(f"{prefix}rejection_counts")
    return RejectionTables(
        _rows(metadata, f"{prefix}rejections") if rows is None else rows,
        _counts(metadata, f"{prefix}rejection_counts") if counts is None else counts,
    )


class Rejections:
    """The projection."""

    name = "rejections"
    version = 1

    def declare(self, metadata: MetaData, prefix: str) -> None:
        """See `actors.ports.Projection.declare`."""
        rejection_tables(metadata, prefix)

    def open(self, metadata: MetaData, prefix: str, recall: Recall) -> "RejectionsFold":  # noqa: ARG002 - the events say it all
        """See `actors.ports.Projection.open`."""
        return RejectionsFold(rejection_tables(metadata, prefix))


class RejectionsFold:
    """Adds a row for each rejection, and counts it."""

    def __init__(self, tables: RejectionTables) -> None:
        self._tables = tables

    def fold(self, connection: Connection, page: Sequence[tuple[int, Recorded]]) -> None:
        """See `actors.ports.Fold.fold`."""
        found = [
            (position, event)
            for position, recorded in page
            if isinstance(event := recorded.event, CallRejected)
        ]
        counts = Counter((event.moment.source, event.code) for _, event in found)
        upserts.insert(connection, self._tables.rows, [_row(*each) for each in found])
        upserts.add(
            connection,
            self._tables.counts,
            [
                {"source": storable(source), "code": code, "count": count}
                for (source, code), count in counts.items()
            ],
        )

    def forget(self) -> None:
        """See `actors.ports.Fold.forget`; nothing is in memory."""


def _row(position: int, event: CallRejected) -> upserts.Row:
    return {
        "position": position,
        "source": storable(event.moment.source),
        "code": event.code,
        "message": storable(event.message),
        "message_id": storable(event.moment.message_id),
        "occurred_at": event.moment.occurred_at,
        "recorded_at": event.moment.recorded_at,
        "sample": storable(event.sample.decode(errors="replace"), SAMPLE),
    }


def _rows(metadata: MetaData, name: str) -> Table:
    return Table(
        name,
        metadata,
        whole_key("position"),
        text("source"),
        text("code"),
        text("message"),
        text("message_id"),
        whole("occurred_at"),
        whole("recorded_at"),
        text("sample"),
        Index(f"{name}_by_source", "source", "position"),
        Index(f"{name}_by_code", "code", "position"),
        Index(f"{name}_by_time", "recorded_at", "position"),
    )


def _counts(metadata: MetaData, name: str) -> Table:
    return Table(name, metadata, key("source"), key("code"), whole("count"))
