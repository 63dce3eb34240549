"""The attributes of profiles, one row a value that can be compared, for the view `profiles`.

A list has a row for each member: comparing it means comparing any of them. An object has one
row without a value: it exists, and that is all that can be asked of it.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Double,
    Index,
    MetaData,
    Table,
    bindparam,
    delete,
)

from domain.attributes import Attributes, Register, Value, shown
from domain.identifiers import ProfileId
from projections import upserts
from projections.columns import COMPARED, key, optional_text, profile_key, storable, whole_key

MEMBERS = 1_000
"""Members of a list that are indexed."""

SECOND = 1
"""The place of a second member: who has a row there has several values of the attribute."""

Row = dict[str, Any]


class Difference(NamedTuple):
    """What changes in the rows of one profile: names to delete first, then rows to insert."""

    profile_id: str
    stale: list[str]
    rows: list[Row]


def table(metadata: MetaData, prefix: str) -> Table:
    """Declare the table, or find it declared."""
    name = f"{prefix}attributes"
    found = metadata.tables.get(name)
    return _declared(metadata, name) if found is None else found


def difference(profile_id: ProfileId, before: Attributes, now: Attributes) -> Difference:
    """Compare two states of a profile, attribute by attribute."""
    owner = profile_key(profile_id)
    if before is now:
        return Difference(owner, [], [])
    stale = [name for name, value in before.items() if not _looks_like(value, now.get(name))]
    rows: list[Row] = []
    for name, value in now.items():
        if not _looks_like(value, before.get(name)):
            rows += rows_of(owner, name, shown(value))
    return Difference(owner, stale, rows)


def _looks_like(value: Value, other: Value | None) -> bool:
    """Tell whether readers are shown the same; most writes say again what was known."""
    if value is other:
        return True
    if isinstance(value, Register) and isinstance(other, Register):
        return value.value == other.value
    return value == other


def write(connection: Connection, index: Table, news: Iterable[Difference]) -> None:
    """Write what changed."""
    stale: list[Row] = []
    rows: list[Row] = []
    for owner, names, added in news:
        stale += ({"owner": owner, "stale": storable(name)} for name in names)
        rows += added
    if stale:
        whose, which = index.c.profile_id == bindparam("owner"), index.c.name == bindparam("stale")
        upserts.execute(connection, delete(index).where(whose, which), stale)
    # Not a plain insert: two names that differ by a NUL alone are one name here.
    upserts.put(connection, index, rows)


def rows_of(owner: str, name: str, value: object) -> list[Row]:
    """Make the rows of one attribute; none when it was removed."""
    if value is None:
        return []
    members: Sequence[object] = value[:MEMBERS] or [None] if isinstance(value, list) else [value]
    common = {"profile_id": owner, "name": storable(name)}
    return [{**common, "place": place, **_compared(member)} for place, member in enumerate(members)]


def _compared(value: object) -> Row:
    row: Row = {"text": None, "number": None, "boolean": None}
    match value:
        case bool():
            row["boolean"] = value
        case str():
            # One more than may be searched for: a longer value never equals a cut one.
            row["text"] = storable(value, COMPARED + 1)
        case int() | float():
            row["number"] = _number(value)
        case _:
            pass
    return row


def _number(value: float) -> float | None:
    try:
        return float(value)
    except OverflowError:  # JSON knows integers of any length
        return None


def _declared(metadata: MetaData, name: str) -> Table:
    index = Table(
        name,
        metadata,
        key("profile_id"),
        key("name"),
        whole_key("place"),
        optional_text("text"),
        Column("number", Double),
        Column("boolean", Boolean),
        sqlite_with_rowid=False,
    )
    Index(f"{name}_by_text", index.c.name, index.c.text, index.c.profile_id)
    for column in (index.c.number, index.c.boolean):
        is_filled = column.is_not(None)
        Index(
            f"{name}_by_{column.name}",
            index.c.name,
            column,
            index.c.profile_id,
            sqlite_where=is_filled,
            postgresql_where=is_filled,
        )
    is_second = index.c.place == SECOND
    Index(
        f"{name}_by_second",
        index.c.name,
        index.c.profile_id,
        sqlite_where=is_second,
        postgresql_where=is_second,
    )
    return index
