"""Functions in SQL that SQLite and PostgreSQL write differently."""

from typing import Any

from sqlalchemy import Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction


class place_of(GenericFunction[int]):  # noqa: N801 - a function in SQL, named like one
    """Where a text holds another, from 1; 0 when it does not. Case counts in both databases."""

    inherit_cache = True


@compiles(place_of)
def _in_sqlite(element: place_of, compiler: SQLCompiler, **more: Any) -> str:
    return f"instr({compiler.process(element.clauses, **more)})"


@compiles(place_of, "postgresql")
def _in_postgres(element: place_of, compiler: SQLCompiler, **more: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **more)})"


class unindexed(GenericFunction[Any]):  # noqa: N801 - a function in SQL, named like one
    """A column's value so that no index offers itself for its order: it would be begun from then.

    Written without parameters, for PostgreSQL groups by what is literally the same.
    """

    inherit_cache = True


@compiles(unindexed)
def _unindexed_in_sqlite(element: unindexed, compiler: SQLCompiler, **more: Any) -> str:
    return f"(+{compiler.process(element.clauses, **more)})"


@compiles(unindexed, "postgresql")
def _unindexed_in_postgres(element: unindexed, compiler: SQLCompiler, **more: Any) -> str:
    [column] = element.clauses
    neutral = "|| ''" if isinstance(column.type, Text) else "+ 0"
    return f"({compiler.process(column, **more)} {neutral})"
