"""Measures how long each kind of question to the views takes at 100,000 profiles."""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Any, NamedTuple

import msgspec
from rich.console import Console
from rich.table import Table as Shown
from sqlalchemy import Connection

from domain.instants import day_of, rfc3339
from projections.queries.daily_counts import Daily, daily_counts
from projections.queries.filters import read_filter
from projections.queries.rejection_list import Rejected, rejections
from projections.queries.search import Search, find
from projections.queries.session_list import sessions_of
from scripts.bench_machine import machine
from scripts.bench_views import NOW, fill, prefix
from store.views.sqlite import engine_on

MARK_MS = 50

out = Console()
err = Console(stderr=True)


class Moment(NamedTuple):
    """The views as they are now."""

    connection: Connection

    def prefix(self, view: str) -> str:
        """See `Snapshot.prefix`."""
        return prefix(view)

    def position(self, view: str) -> int:  # noqa: ARG002 - there is no log behind these
        """See `Snapshot.position`."""
        return 0


Question = Callable[[Moment], object]


class Timed(msgspec.Struct, frozen=True):
    """One kind of question; times in milliseconds."""

    what: str
    p50: float
    p95: float
    worst: float
    found: int


def attribute(name: str, op: str, value: Any = None) -> dict[str, Any]:
    """Write a condition on an attribute."""
    return {"attribute": name, "op": op, "value": value}


RECENT = {"column": "last_seen", "op": ">=", "value": rfc3339(NOW - 86_400_000_000)}
BOUGHT = {"activity": "Order Completed", "at_least": 2, "last_days": 30}
PAGED = {"activity": "$page", "last_days": 30}
WIDE = {
    "and": [
        {"or": [attribute("age", "=", 18 + (row * 7 + n) % 70) for n in range(20)]}
        for row in range(20)
    ]
}

FILTERS: dict[str, dict[str, Any] | None] = {
    "everybody": None,
    "attribute = one (email)": attribute("email", "=", "person4711@example.org"),
    "attribute = 1 % (plan)": attribute("plan", "=", "enterprise"),
    "attribute = 60 % (plan)": attribute("plan", "=", "free"),
    "attribute = true": attribute("newsletter", "=", value=True),
    "attribute !=": attribute("plan", "!=", "free"),
    "attribute <": attribute("age", "<", 20),
    "attribute in": attribute("city", "in", ["Oslo", "Lima"]),
    "attribute starts_with": attribute("email", "starts_with", "person471"),
    "attribute contains": attribute("email", "contains", "4711@"),
    "attribute exists": attribute("plan", "exists"),
    "attribute nobody has": attribute("plam", "=", "pro"),
    "column cid =": {"column": "cid", "op": "=", "value": "c4711"},
    "column last_seen >=": RECENT,
    "column activity_count >": {"column": "activity_count", "op": ">", "value": 5},
    "did it (rare)": {"activity": "Refund Asked", "last_days": 30},
    "did it twice in 30 days": BOUGHT,
    "did it (common)": PAGED,
    "and of three": {"and": [attribute("plan", "=", "pro"), attribute("age", ">", 60), BOUGHT]},
    "and of the common": {"and": [attribute("plan", "=", "free"), attribute("age", ">", 30)]},
    "or of three": {
        "or": [attribute("plan", "=", "enterprise"), attribute("age", "=", 90), BOUGHT]
    },
    "20 x 20": WIDE,
}


def main() -> int:
    """Measure; the exit code is 1 when a kind of question takes longer than the mark."""
    options = _options()
    with _filled(options.profiles) as moment:
        timed = [_timed(name, question, moment, options.times) for name, question in _questions()]
    _show(timed, options.profiles)
    if options.json:
        sys.stdout.write(json.dumps(msgspec.to_builtins(timed)) + "\n")
    return 1 if any(each.p50 > MARK_MS for each in timed) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench queries", description=__doc__)
    parser.add_argument("--profiles", type=int, default=100_000, metavar="N")
    parser.add_argument(
        "--times", type=int, default=15, metavar="N", help="how often each is asked"
    )
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    return parser.parse_args()


@contextmanager
def _filled(profiles: int) -> Iterator[Moment]:
    with tempfile.TemporaryDirectory(prefix="onefold-bench-") as folder:
        engine = engine_on(Path(folder) / "views.db")
        err.print(f"Making {profiles:,} profiles …", highlight=False)
        try:
            with engine.begin() as connection:
                fill(connection, profiles)
            with engine.connect().execution_options(reading=True) as connection:
                yield Moment(connection)
        finally:
            engine.dispose()


def _questions() -> Iterator[tuple[str, Question]]:
    for name, told in FILTERS.items():
        yield name, _search(told)
    yield "everybody, page 2 by first_seen", _second_page
    for name in ("attribute = 60 % (plan)", "and of three", "did it twice in 30 days"):
        yield f"count: {name}", _search(FILTERS[name], count=True)
    yield "sessions of a profile", lambda moment: sessions_of(moment, "visitor", "u4711", 50, None)
    yield "rejections of a source and code", _rejections
    last = day_of(NOW)
    month = Daily(first_day=last - 30, last_day=last)
    yield "daily counts of a month", lambda moment: daily_counts(moment, month)
    week = Daily("Product Viewed", first_day=last - 7, last_day=last, profiles=True)
    yield "daily profiles of a week", lambda moment: daily_counts(moment, week)


def _search(told: dict[str, Any] | None, *, count: bool = False) -> Question:
    asked = Search(count=count) if told is None else Search(read_filter(told), count=count)
    return lambda moment: find(moment, asked, NOW).profiles


def _second_page(moment: Moment) -> object:
    first = find(moment, Search(sort="first_seen"), NOW)
    return find(moment, Search(sort="first_seen", after=first.next), NOW).profiles


def _rejections(moment: Moment) -> object:
    return rejections(moment, Rejected(source="app", code="bad_timestamp"))["rejections"]


def _timed(name: str, question: Question, moment: Moment, times: int) -> Timed:
    found = question(moment)
    taken = []
    for _ in range(times):
        began = perf_counter()
        question(moment)
        taken.append((perf_counter() - began) * 1e3)
    size = len(found) if isinstance(found, list | dict) else 0
    return Timed(name, median(taken), quantiles(taken, n=20)[-1], max(taken), size)


def _show(timed: list[Timed], profiles: int) -> None:
    table = Shown(
        "question", "p50 ms", "p95 ms", "worst ms", "found", title=f"{profiles:,} profiles"
    )
    for column in table.columns[1:]:
        column.justify = "right"
    for each in timed:
        colour = "red" if each.p50 > MARK_MS else "green"
        numbers = (f"{number:.1f}" for number in (each.p95, each.worst))
        table.add_row(each.what, f"[{colour}]{each.p50:.1f}[/]", *numbers, str(each.found))
    out.print(table)
    for name, fact in machine().items():
        out.print(f"[dim]{name}[/]  {fact}", highlight=False)


if __name__ == "__main__":
    sys.exit(main())
