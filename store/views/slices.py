"""What a rebuild has still to replay: runs of streams, each with the place it got to."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from store.views.errors import OutOfStep
from store.views.generations import Generation
from store.views.schema import SLICES

FIRST = UUID(int=0)

Conditions = tuple[ColumnElement[bool], ...]


class Slice(msgspec.Struct, frozen=True):
    """Streams from behind the event (`at_stream`, `at_version`) to before the stream `end`."""

    number: int
    at_stream: UUID
    at_version: int
    end: UUID | None


class Progress(msgspec.Struct, frozen=True):
    """How many slices there are, how many are done, and how many events that were."""

    slices: int
    done: int
    events: int


def plan(connection: Connection, generation: Generation, bounds: Sequence[UUID]) -> None:
    """Write down the slices between some stream ids; together they have every stream."""
    starts = [FIRST, *bounds[1:]]
    ends = [*bounds[1:], None]
    rows = [
        {
            "name": generation.name,
            "generation": generation.number,
            "number": number,
            "at_stream": start,
            "at_version": 0,
            "end": end,
            "events": 0,
            "is_done": False,
        }
        for number, (start, end) in enumerate(zip(starts, ends, strict=True))
    ]
    connection.execute(insert(SLICES), rows)


def undone(connection: Connection, generation: Generation) -> list[Slice]:
    """List the slices that are not replayed to their end."""
    c = SLICES.c
    query = (
        select(c.number, c.at_stream, c.at_version, c.end)
        .where(*_of(generation), c.is_done.is_(False))
        .order_by(c.number)
    )
    return [Slice(*row) for row in connection.execute(query)]


def moved(  # noqa: PLR0913 - from where to where, and what that was
    connection: Connection,
    generation: Generation,
    before: Slice,
    now: Slice,
    *,
    events: int,
    is_done: bool,
) -> None:
    """Write down how far a slice is, in the transaction of the rows.

    Raises `OutOfStep` when it is not where it was left: a database that lost its last moments
    has lost rows, too.
    """
    c = SLICES.c
    left_at = (c.at_stream == before.at_stream, c.at_version == before.at_version)
    moved = connection.execute(
        update(SLICES)
        .where(*_of(generation), c.number == now.number, *left_at)
        .values(
            at_stream=now.at_stream,
            at_version=now.at_version,
            events=c.events + events,
            is_done=is_done,
        )
    )
    if moved.rowcount != 1:
        raise OutOfStep(generation.key, f"its slice {now.number} is not where it was left")


def progress(connection: Connection, generation: Generation) -> Progress:
    """Sum up."""
    c = SLICES.c
    done = func.coalesce(func.sum(func.cast(c.is_done, c.number.type)), 0)
    events = func.cast(func.coalesce(func.sum(c.events), 0), c.events.type)
    query = select(func.count(), done, events)
    return Progress(*connection.execute(query.where(*_of(generation))).one())


def _of(generation: Generation) -> Conditions:
    return SLICES.c.name == generation.name, SLICES.c.generation == generation.number
