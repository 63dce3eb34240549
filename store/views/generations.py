"""Which generations a view has, and which of them is live."""

import re
from collections.abc import Iterable
from typing import Any, Literal

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    MetaData,
    Row,
    delete,
    func,
    insert,
    inspect,
    select,
    update,
)

from store.views import tracking
from store.views.schema import DEAD_LETTERS, SLICES, TRACKING, VIEWS

State = Literal["building", "live", "old"]

NAME = re.compile("[a-z]+(_[a-z]+)*")
"""A view's name has no digits: no prefix is the beginning of another view's."""

_KEYED = (VIEWS, SLICES, DEAD_LETTERS)


class Generation(msgspec.Struct, frozen=True, array_like=True):
    """One set of a view's tables.

    `version` is that of the code that made it. One that is made by a rebuild has replayed the
    streams up to `replays_to` before it follows the log. It may be read once its position is
    `complete_at`. `touched` grows whenever somebody else than its follower writes its rows.
    """

    name: str
    number: int
    version: int
    state: State
    replays_to: int
    complete_at: int
    touched: int
    rate: float
    trouble: str | None
    position: int

    @property
    def key(self) -> str:
        """The name under which it is tracked."""
        return f"{self.name}_{self.number}"

    @property
    def prefix(self) -> str:
        """How the names of its tables begin."""
        return f"{self.key}_"


def generations(connection: Connection, name: str | None = None) -> list[Generation]:
    """List the generations of one view, or of all, oldest first."""
    key = VIEWS.c.name + "_" + func.cast(VIEWS.c.generation, TRACKING.c.application_name.type)
    query = (
        select(VIEWS, TRACKING.c.notification_id)
        .outerjoin(TRACKING, TRACKING.c.application_name == key)
        .order_by(VIEWS.c.name, VIEWS.c.generation)
    )
    if name is not None:
        query = query.where(VIEWS.c.name == name)
    return [_generation(row) for row in connection.execute(query)]


def live(connection: Connection, name: str) -> Generation | None:
    """Give the live generation of a view."""
    return next((g for g in generations(connection, name) if g.state == "live"), None)


def current(connection: Connection, generation: Generation) -> Generation | None:
    """Read a generation again; None when it was dropped."""
    same = (g for g in generations(connection, generation.name) if g.number == generation.number)
    return next(same, None)


def add(  # noqa: PLR0913 - what a generation is
    connection: Connection,
    name: str,
    version: int,
    state: State,
    *,
    replays_to: int = 0,
    complete_at: int = 0,
) -> Generation:
    """Write down the next generation of a view; its tables are the caller's business."""
    if NAME.fullmatch(name) is None:
        raise ValueError(f"Expected a view's name of letters and underscores, got {name!r}")
    highest = select(func.max(VIEWS.c.generation)).where(VIEWS.c.name == name)
    number = (connection.execute(highest).scalar() or 0) + 1
    made = Generation(name, number, version, state, replays_to, complete_at, 0, 0.0, None, 0)
    connection.execute(
        insert(VIEWS).values(
            name=name,
            generation=number,
            version=version,
            state=state,
            replays_to=replays_to,
            complete_at=complete_at,
            touched=0,
            rate=0.0,
        )
    )
    tracking.start(connection, made.key, 0)
    return made


def hold(connection: Connection, name: str) -> None:
    """Keep other writers off the generations of a view until the transaction ends.

    SQLite lets only one transaction write anyhow. Held before anything else of the view is
    written, so that two who wait never wait for each other.
    """
    connection.execute(select(VIEWS.c.generation).where(VIEWS.c.name == name).with_for_update())


def swap(connection: Connection, generation: Generation) -> None:
    """Make a generation the live one of its view and the live one old."""
    _set(connection, generation.name, VIEWS.c.state == "live", state="old")
    _set(connection, generation.name, VIEWS.c.generation == generation.number, state="live")


def touch(connection: Connection, generation: Generation) -> None:
    """Tell its follower that what it remembers of the rows may be wrong."""
    same = VIEWS.c.generation == generation.number
    _set(connection, generation.name, same, touched=VIEWS.c.touched + 1)


def tell(
    connection: Connection, generation: Generation, *, rate: float, trouble: str | None
) -> None:
    """Write down how its follower gets on: events a second, and what went wrong last."""
    same = VIEWS.c.generation == generation.number
    _set(connection, generation.name, same, rate=rate, trouble=trouble)


def drop(connection: Connection, generation: Generation) -> None:
    """Drop a generation with its tables."""
    found = MetaData()
    names = inspect(connection).get_table_names()
    mine = [name for name in names if name.startswith(generation.prefix)]
    if mine:
        found.reflect(connection, only=mine)
        found.drop_all(connection)
    for table in _KEYED:
        same = (table.c.name == generation.name, table.c.generation == generation.number)
        connection.execute(delete(table).where(*same))
    connection.execute(delete(TRACKING).where(TRACKING.c.application_name == generation.key))


def _set(connection: Connection, name: str, which: ColumnElement[bool], **values: object) -> None:
    connection.execute(update(VIEWS).where(VIEWS.c.name == name, which).values(**values))


def _generation(row: Row[Any]) -> Generation:
    return msgspec.convert((*row[:-1], row[-1] or 0), Generation)


def by_name(found: Iterable[Generation]) -> dict[str, list[Generation]]:
    """Group generations by view."""
    groups: dict[str, list[Generation]] = {}
    for generation in found:
        groups.setdefault(generation.name, []).append(generation)
    return groups
