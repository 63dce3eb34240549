"""SQLite and PostgreSQL hold the same rows in the same order, and answer alike."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from typing import Any

import msgspec
import pytest
from sqlalchemy import Engine, MetaData, Text, inspect

from domain.commands import AnyCommand
from domain.draft import Recorded
from domain.profile import DEFAULT_POLICIES
from projections import PROJECTIONS
from projections.queries.filters import read_filter
from projections.queries.search import SORTS, Found, Search, find
from store.views.compare import Side, digest_of
from tests.controls.calls import device, identify, page, rejected, track
from tests.controls.times import day
from tests.controls.world import World
from tests.projections.asking import NOW, Asked
from tests.projections.databases import in_postgres, in_sqlite
from tests.projections.views import Views

# Each test opens both by itself.
pytestmark = pytest.mark.parametrize("database", ["postgres"], indirect=True)

WORDS = ("a", "B", "b", "ä", "Z", "z z", "_", "%", "\U0001f600", "\uffff", "", "a\x00b", "\ud7ff")
"""Texts that a language or an encoding would put into another order than their code points."""


def some_call(chance: random.Random, number: int) -> AnyCommand:
    """Make a call of any kind, from somebody with such a name."""
    uid, word = f"u{chance.choice(WORDS[:10])}{number % 7}", chance.choice(WORDS)
    at = day(chance.randint(1, 10), minute=chance.randint(0, 300))
    scalars = {"t": word, "n": number % 9 / 4, "w": number % 5, "b": number % 2 == 0}
    match chance.randrange(6):
        case 0:
            return page(uid=uid, links=(device(f"d{number % 90}"),), at=at)
        case 1:
            return track(f"A{word}", uid=uid, at=at)
        case 2:
            return identify(uid, attributes=scalars, at=at)
        case 3:
            return identify(uid, attributes={"l": [word, 1, True]}, at=at)
        case 4:
            return identify(uid, f"c{uid}" if number % 4 else None, at=at)
        case _:
            return rejected(source=f"s{number % 3}")


def shuffled_log(calls: int = 300) -> list[Recorded]:
    """Make the log of calls that came in any order."""
    chance = random.Random(5)
    world = World()
    for number in range(calls):
        world.send(some_call(chance, number))
    return world.log


@contextmanager
def both(engine: Engine, log: list[Recorded]) -> Iterator[tuple[Views, Views]]:
    """Fold a log into both databases, each in pages of its own size."""
    with in_sqlite() as file, in_postgres(engine) as schema:
        left, right = Views(file, DEFAULT_POLICIES), Views(schema, DEFAULT_POLICIES)
        left.fold(log, 1_000)
        right.fold(log, 7)
        yield left, right


def digests(found: Views) -> dict[str, str]:
    """Digest the rows of every view, in the order in which the database gives them."""
    told = {}
    for projection in PROJECTIONS:
        metadata, prefix = MetaData(), found.prefix(projection.name)
        projection.declare(metadata, prefix)
        told[projection.name] = digest_of(Side(found.connection, metadata, prefix))
    return told


def test_one_log_makes_the_same_rows_in_the_same_order(engine: Engine) -> None:
    log = shuffled_log()
    with both(engine, log) as (left, right):
        assert all(left.rows(name) for name in left.metadata.tables), "a view without rows"
        assert digests(left) == digests(right)


def test_texts_are_kept_in_the_order_of_their_code_points(engine: Engine) -> None:
    """The rows cannot show it: the server of the tests speaks no language."""
    with in_postgres(engine) as connection:
        found = Views(connection, DEFAULT_POLICIES)
        for name in found.metadata.tables:
            columns = inspect(connection).get_columns(name)
            texts = [each["type"] for each in columns if isinstance(each["type"], Text)]
            assert texts, name
            assert {each.collation for each in texts} == {"C"}, name


CONDITIONS: list[dict[str, Any]] = [
    *(
        {"attribute": name, "op": op, "value": value}
        for op, (name, value) in product(
            ("=", "!=", "<", "<=", ">", ">="), (("t", "b"), ("t", "ä"), ("n", 1.25), ("w", 2))
        )
    ),
    *(
        {"attribute": "t", "op": op, "value": value}
        for op, value in product(("contains", "starts_with"), ("a", "%", "_", "\U0001f600", ""))
    ),
    {"attribute": "b", "op": "=", "value": True},
    {"attribute": "l", "op": "in", "value": ["Z", 1, True]},
    {"attribute": "l", "op": "exists", "value": False},
    {"column": "uid", "op": ">", "value": "uZ"},
    {"column": "cid", "op": "starts_with", "value": "cu"},
    {"column": "cid", "op": "contains", "value": "%"},
    {"column": "cid", "op": "!=", "value": "cua1"},
    {"column": "cid", "op": "exists", "value": True},
    {"column": "kind", "op": "in", "value": ["visitor"]},
    {"column": "activity_count", "op": ">=", "value": 3},
    {"column": "last_seen", "op": "<", "value": "2024-01-05T00:00:00Z"},
    {"activity": "$page", "at_least": 2, "last_days": 8},
    {"activity": "Aä"},
]
FILTERS = [*CONDITIONS, {"and": [CONDITIONS[0], CONDITIONS[-1]]}, {"or": CONDITIONS[-4:]}]
EVERY_SORT = [f"{sign}{name}" for name in SORTS for sign in ("", "-")]


def pages_of(found: Views, told: dict[str, Any], sort: str) -> list[bytes]:
    """Turn the pages of a search until there are no more."""
    told_pages: list[bytes] = []
    after: str | None = None
    while True:
        search = Search(read_filter(told), sort=sort, limit=13, after=after, count=after is None)
        page_found: Found = find(Asked(found), search, NOW)
        told_pages.append(msgspec.json.encode(page_found))
        after = page_found.next
        if after is None:
            return told_pages


def test_every_operator_and_sort_gives_the_same_pages(engine: Engine) -> None:
    with both(engine, shuffled_log()) as (left, right):
        for told, sort in product(FILTERS, EVERY_SORT):
            assert pages_of(left, told, sort) == pages_of(right, told, sort), (told, sort)
