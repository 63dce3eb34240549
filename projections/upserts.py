"""Writing many rows at once so that the order of two folds makes no difference.

Rows are written in the order of their keys: two transactions then never wait for each other
in a circle.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import KeyedColumnElement

Row = Mapping[str, Any]
Excluded = ReadOnlyColumnCollection[str, KeyedColumnElement[Any]]
AnyInsert = postgresql.Insert | sqlite.Insert


def put(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Write rows whole; a row of the same key is replaced."""

    def replaced(excluded: Excluded) -> dict[str, ColumnElement[Any]]:
        return {column.name: excluded[column.name] for column in _values(table)}

    _upsert(connection, table, rows, replaced)


def add(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Add the counts of rows to what is there: every column outside the key is a count."""

    def increased(excluded: Excluded) -> dict[str, ColumnElement[Any]]:
        return {column.name: column + excluded[column.name] for column in _values(table)}

    _upsert(connection, table, rows, increased)


def put_where(
    connection: Connection,
    table: Table,
    rows: Sequence[Row],
    set_: Callable[[Excluded], Mapping[str, ColumnElement[Any]]],
    where: Callable[[Excluded], ColumnElement[bool]] | None = None,
) -> None:
    """Write rows; where the key is taken, change what `set_` says if `where` holds."""
    _upsert(connection, table, rows, set_, where)


def insert(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Write rows whose keys nobody has."""
    if rows:
        execute(connection, table.insert(), _in_order(table, rows))


def _upsert(
    connection: Connection,
    table: Table,
    rows: Sequence[Row],
    set_: Callable[[Excluded], Mapping[str, ColumnElement[Any]]],
    where: Callable[[Excluded], ColumnElement[bool]] | None = None,
) -> None:
    if not rows:
        return
    inserting = _insert_for(connection, table)
    statement = inserting.on_conflict_do_update(
        index_elements=list(table.primary_key.columns),
        set_=set_(inserting.excluded),
        where=None if where is None else where(inserting.excluded),
    )
    execute(connection, statement, _in_order(table, rows))


def execute(connection: Connection, statement: ClauseElement, rows: Sequence[Row]) -> None:
    """Run a statement once for each row.

    The driver takes rows as they are: preparing each as `Connection.execute` does would cost
    more than writing it.
    """
    compiled = statement.compile(dialect=connection.dialect)
    assert isinstance(compiled, SQLCompiler)
    places = compiled.positiontup
    values = rows if places is None else [tuple(row[place] for place in places) for row in rows]
    connection.exec_driver_sql(compiled.string, values)


def _insert_for(connection: Connection, table: Table) -> AnyInsert:
    is_postgres = connection.dialect.name == "postgresql"
    return postgresql.insert(table) if is_postgres else sqlite.insert(table)


def _in_order(table: Table, rows: Sequence[Row]) -> list[Row]:
    names = [column.name for column in table.primary_key.columns]
    return sorted(rows, key=itemgetter(*names))


def _values(table: Table) -> Iterable[Column[Any]]:
    return (column for column in table.columns if not column.primary_key)
