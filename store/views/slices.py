"""What a rebuild has still to replay: runs of streams, each with the place it got to."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Connection, func, insert, select, update

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


def moved(
    connection: Connection, generation: Generation, at: Slice, *, events: int, is_done: bool
) -> None:
    """Write down how far a slice is, in the transaction of the rows."""
    connection.execute(
        update(SLICES)
        .where(*_of(generation), SLICES.c.number == at.number)
        .values(
            at_stream=at.at_stream,
            at_version=at.at_version,
            events=SLICES.c.events + events,
            is_done=is_done,
        )
    )


def progress(connection: Connection, generation: Generation) -> Progress:
    """Sum up."""
    c = SLICES.c
    done = func.coalesce(func.sum(func.cast(c.is_done, c.number.type)), 0)
    query = select(func.count(), done, func.coalesce(func.sum(c.events), 0))
    return Progress(*connection.execute(query.where(*_of(generation))).one())


def _of(generation: Generation) -> Conditions:
    return SLICES.c.name == generation.name, SLICES.c.generation == generation.number
