"""Sends a shop's events through Segment's client, and compares what came out with what had to."""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import perf_counter
from typing import Any

import httpx
import msgspec
from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from scripts.demo_sending import NotDelivered, deliver
from scripts.demo_shop import ShopCall, expected, most_folded, shop_calls, shop_rows
from scripts.running import Server, ServerNotReady, ServerNotStopped, running

Counts = dict[str, int]

NAMED = {
    "activities": "activities",
    "profiles": "profiles",
    "customers": "- customers",
    "visitors": "- visitors, anonymous",
    "folds": "visitors folded",
    "rejections": "calls rejected",
}
"""What the table calls each count."""

out = Console()
err = Console(stderr=True)


class Pass(msgspec.Struct, frozen=True):
    """What the server counted once everything was sent; `duplicates` are those of this pass."""

    counts: Counts
    duplicates: int
    seconds: float


class Demo(msgspec.Struct, frozen=True):
    """What the demo found; `seconds` from before the server's start to the last answer."""

    calls: int
    expected: Counts
    passes: list[Pass]
    customer: dict[str, Any]
    seconds: float

    @property
    def differences(self) -> list[str]:
        """Say each count that is not as it must be, after either pass."""
        found = [
            f"{name} after pass {number}: expected {must:,}, is {done.counts[name]:,}"
            for number, done in enumerate(self.passes, 1)
            for name, must in self.expected.items()
            if done.counts[name] != must
        ]
        again = [done.duplicates for done in self.passes[1:]]
        found += [
            f"duplicates in the second pass: expected {self.calls:,}, is {duplicates:,}"
            for duplicates in again
            if duplicates != self.calls
        ]
        return found


def main() -> int:
    """Run the demo; the exit code is 1 when anything is not as it must be."""
    options = _options()
    try:
        with _folder(options.data) as data:
            demo = _run(data, passes=1 if options.once else 2)
    except (NotDelivered, ServerNotReady, ServerNotStopped, httpx.HTTPError) as error:
        err.print(f"[bold red]demo:[/] {error}", soft_wrap=True, highlight=False)
        return 1
    _report(demo)
    if options.json:
        sys.stdout.write(json.dumps(_summary(demo)) + "\n")
    return 1 if demo.differences else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument("--data", type=Path, metavar="DIR", help="keep the store in this folder")
    parser.add_argument("--once", action="store_true", help="do not send everything a second time")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    return parser.parse_args()


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        yield kept
        return
    with tempfile.TemporaryDirectory(prefix="onefold-demo-") as folder:
        yield Path(folder) / "data"


def _run(data: Path, passes: int) -> Demo:
    started = perf_counter()
    calls = list(shop_calls(shop_rows()))
    must = msgspec.structs.asdict(expected())
    err.print("Starting a server …")
    with running(data) as server:
        titles = ("Sending", "Sending everything again")[:passes]
        done = [_send(calls, server, title) for title in titles]
        customer = server.read(f"/api/v1/customers/{most_folded(calls)}")
        return Demo(len(calls), must, done, customer, perf_counter() - started)


def _send(calls: list[ShopCall], server: Server, title: str) -> Pass:
    before = server.counts()["duplicates"]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    started = perf_counter()
    with Progress(*columns, TimeElapsedColumn(), console=err) as progress:
        task = progress.add_task(title, total=len(calls))
        deliver(calls, server.url, server.write_key, lambda more: progress.advance(task, more))
    seconds = perf_counter() - started
    counts = server.counts()
    counts["profiles"] = counts["visitors"] + counts["customers"]
    return Pass(counts, counts["duplicates"] - before, seconds)


def _report(demo: Demo) -> None:
    out.print(_comparison(demo))
    out.print(_portrait(demo.customer))
    for done in demo.passes:
        rate = demo.calls / done.seconds
        out.print(
            f"{demo.calls:,} calls by one Segment client in {done.seconds:.1f} s: "
            f"{rate:,.0f}/s, {done.duplicates:,} duplicates"
        )
    out.print(f"Total time, server start included: {demo.seconds:.1f} s")
    for difference in demo.differences:
        out.print(f"[bold red]{difference}[/]", highlight=False)
    if not demo.differences:
        out.print("[bold green]Every count is as it must be.[/]")


def _comparison(demo: Demo) -> Table:
    passes = ("sent once", "sent twice")[: len(demo.passes)]
    table = Table("", title="What came out")
    for heading in ("expected", *passes):
        table.add_column(heading, justify="right")
    for name, label in NAMED.items():
        must = demo.expected[name]
        found = (_verdict(done.counts[name], must) for done in demo.passes)
        table.add_row(label, f"{must:,}", *found)
    return table


def _verdict(found: int, must: int) -> str:
    return f"[{'green' if found == must else 'bold red'}]{found:,}[/]"


def _portrait(customer: dict[str, Any]) -> Panel:
    """Show a customer in a few lines."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column()
    table.add_row("folded visitors", f"{len(customer['uids'])}: {', '.join(customer['uids'])}")
    table.add_row("seen", f"{customer['first_seen']} to {customer['last_seen']}")
    for name, value in customer["attributes"].items():
        table.add_row(name, str(value))
    ranked = sorted(customer["activities"].items(), key=lambda named: (-named[1], named[0]))
    names = ", ".join(f"{name} {count}" for name, count in ranked)
    table.add_row("activities", f"{customer['activity_count']}: {names}")
    table.add_row("digest", customer["digest"])
    return Panel(table, title=f"The customer of most visitors: {customer['cid']}", expand=False)


def _summary(demo: Demo) -> dict[str, Any]:
    last = demo.passes[-1]
    return {
        "counts": {name: last.counts[name] for name in demo.expected},
        "expected": demo.expected,
        "equal": not demo.differences,
        "differences": demo.differences,
        "calls": demo.calls,
        "calls_per_second": round(demo.calls / demo.passes[0].seconds),
        "duplicates": last.duplicates,
        "passes": len(demo.passes),
        "seconds": round(demo.seconds, 2),
    }


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(130)
