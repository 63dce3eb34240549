"""Streams that a live view could not fold, parked with the event and the error."""

from collections.abc import Mapping
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from store.views.generations import Generation
from store.views.schema import DEAD_LETTERS

ERROR_LENGTH = 1_000

Conditions = tuple[ColumnElement[bool], ...]


class DeadLetter(msgspec.Struct, frozen=True):
    """A parked stream: the event that would not be folded, and how many wait behind it."""

    name: str
    generation: int
    stream: UUID
    version: int
    position: int
    topic: str
    error: str
    attempts: int
    waiting: int


def letters(connection: Connection, generation: Generation | None = None) -> list[DeadLetter]:
    """List the parked streams of one generation, or of all."""
    query = select(DEAD_LETTERS).order_by(DEAD_LETTERS.c.position)
    if generation is not None:
        query = query.where(*_of(generation))
    return [DeadLetter(*row) for row in connection.execute(query)]


def parked(connection: Connection, generation: Generation) -> set[UUID]:
    """Give the streams that are parked."""
    query = select(DEAD_LETTERS.c.stream).where(*_of(generation))
    return set(connection.execute(query).scalars())


def count(connection: Connection) -> Mapping[str, int]:
    """Count the parked streams by generation, as it is tracked."""
    c = DEAD_LETTERS.c
    query = select(c.name, c.generation, func.count()).group_by(c.name, c.generation)
    return {f"{name}_{number}": streams for name, number, streams in connection.execute(query)}


def park(connection: Connection, letter: DeadLetter) -> None:
    """Park a stream, or park it again further on."""
    connection.execute(delete(DEAD_LETTERS).where(*_key(letter)))
    row = msgspec.structs.asdict(letter) | {"error": letter.error[:ERROR_LENGTH]}
    connection.execute(insert(DEAD_LETTERS).values(row))


def unpark(connection: Connection, letter: DeadLetter) -> None:
    """Let a stream go on."""
    connection.execute(delete(DEAD_LETTERS).where(*_key(letter)))


def add_waiting(connection: Connection, generation: Generation, events: Mapping[UUID, int]) -> None:
    """Count events that came for parked streams."""
    for stream, number in events.items():
        connection.execute(
            update(DEAD_LETTERS)
            .where(*_of(generation), DEAD_LETTERS.c.stream == stream)
            .values(waiting=DEAD_LETTERS.c.waiting + number)
        )


def why(error: BaseException) -> str:
    """Say what an error was, in one line."""
    text = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _of(generation: Generation) -> Conditions:
    c = DEAD_LETTERS.c
    return c.name == generation.name, c.generation == generation.number


def _key(letter: DeadLetter) -> Conditions:
    c = DEAD_LETTERS.c
    return c.name == letter.name, c.generation == letter.generation, c.stream == letter.stream
