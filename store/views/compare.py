"""Two sets of a view's tables, row by row in the order of their keys."""

import hashlib
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

import msgspec
from sqlalchemy import Connection, MetaData, Table, select

Values = tuple[Any, ...]

AT_A_TIME = 5_000
"""Rows fetched together."""


class Difference(msgspec.Struct, frozen=True):
    """The first row that is not the same; None: one side has no such row."""

    table: str
    live: dict[str, Any] | None
    replayed: dict[str, Any] | None

    def __str__(self) -> str:
        live, replayed = self.live, self.replayed
        if live is None or replayed is None:
            return f"{self.table}: the live view has {live}, the replay {replayed}"
        changed = [name for name in live if live[name] != replayed[name]]
        told = ", ".join(f"{name} is {live[name]!r}, not {replayed[name]!r}" for name in changed)
        return f"{self.table}: in the live row {live}, {told}"


class Comparison(msgspec.Struct, frozen=True):
    """How many rows there are, the digests of both sides, and where they part."""

    rows: int
    live: str
    replayed: str
    difference: Difference | None


class Side(msgspec.Struct, frozen=True):
    """One set of tables: their description and the transaction to read them in."""

    connection: Connection
    metadata: MetaData
    prefix: str


def compare(live: Side, replayed: Side) -> Comparison:
    """Compare all tables of two generations, of the same shape."""
    digests = hashlib.sha256(), hashlib.sha256()
    difference, rows = None, 0
    for name in sorted(live.metadata.tables):
        short = name.removeprefix(live.prefix)
        mine, its = live.metadata.tables[name], replayed.metadata.tables[replayed.prefix + short]
        for digest in digests:
            digest.update(short.encode() + b"\n")
        for left, right in zip_longest(_rows(live, mine), _rows(replayed, its)):
            rows += left is not None
            for digest, row in zip(digests, (left, right), strict=True):
                if row is not None:
                    digest.update(_canonical(row))
            if left != right and difference is None:
                difference = Difference(short, _named(mine, left), _named(mine, right))
    return Comparison(rows, digests[0].hexdigest(), digests[1].hexdigest(), difference)


def digest_of(side: Side) -> str:
    """Give the SHA-256 over all rows of a generation."""
    digest = hashlib.sha256()
    for name in sorted(side.metadata.tables):
        digest.update(name.removeprefix(side.prefix).encode() + b"\n")
        for row in _rows(side, side.metadata.tables[name]):
            digest.update(_canonical(row))
    return digest.hexdigest()


def _rows(side: Side, table: Table) -> Iterator[Values]:
    query = select(table).order_by(*table.primary_key.columns)
    result = side.connection.execution_options(yield_per=AT_A_TIME).execute(query)
    for row in result:
        yield tuple(row)


def _canonical(row: Values) -> bytes:
    return msgspec.msgpack.encode(row)


def _named(table: Table, row: Values | None) -> dict[str, Any] | None:
    return None if row is None else dict(zip(table.columns.keys(), row, strict=True))
