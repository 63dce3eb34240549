"""Measures how many calls a second are taken in, durably, and what they cost."""

import argparse
import json
import shlex
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx
from msgspec.structs import replace
from rich.console import Console

from scripts.bench_calls import (
    BenchCall,
    Miscounted,
    batch_bodies,
    expected_counts,
    make_calls,
)
from scripts.bench_hosts import hosts_as_json, measure_hosts, show_hosts
from scripts.bench_load import HungUp, NotAccepted, post_requests, send
from scripts.bench_machine import bytes_in, cpu_seconds, machine, sync_seconds
from scripts.bench_plain import measure_plain, whole_visitors
from scripts.bench_report import Measured, Report, as_json, show
from scripts.running import Server, ServerNotReady, ServerNotStopped, running

SINGLE_CALLS, SINGLE_CONNECTIONS = 10_000, 64
PLAIN_CALLS = 3_000
FOLLOW_WITHIN = 300.0
"""Seconds in which the views have what was taken in."""

BATCHED_SEED, SINGLE_SEED = 1, 2

out = Console()
err = Console(stderr=True)


class ViewsLate(Exception):
    """The views did not follow."""

    def __init__(self, within: float) -> None:
        super().__init__(f"Expected the views to have all calls within {within:.0f} s")


def main() -> int:
    """Measure; the exit code is 1 when an answer or a count is wrong."""
    options = _options()
    facts = machine()
    try:
        if options.store == "postgresql":
            return _hosts(options, facts)
        report = _measured(options, facts)
    except (
        HungUp,
        Miscounted,
        NotAccepted,
        ServerNotReady,
        ServerNotStopped,
        ViewsLate,
        httpx.HTTPError,
    ) as error:
        err.print(f"[bold red]bench:[/] {error}", soft_wrap=True, highlight=False)
        return 1
    show(report, out)
    if options.json:
        sys.stdout.write(json.dumps(as_json(report)) + "\n")
    return 0


def _hosts(options: argparse.Namespace, facts: dict[str, str]) -> int:
    """Measure several numbers of hosts on a PostgreSQL started for it."""
    calls = make_calls(options.calls, BATCHED_SEED)
    command = shlex.join(["scripts/bench", *sys.argv[1:]])
    report = measure_hosts(calls, options.batch, options.connections, facts, command)
    show_hosts(report, out)
    if options.json:
        sys.stdout.write(json.dumps(hosts_as_json(report)) + "\n")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    kinds = parser.add_subparsers(required=True, metavar="ingest")
    ingest = kinds.add_parser("ingest", help="calls over HTTP, beside a plain application")
    ingest.add_argument("--calls", type=int, default=60_000, metavar="N")
    ingest.add_argument("--batch", type=int, default=100, metavar="N", help="calls a request")
    ingest.add_argument("--connections", type=int, default=32, metavar="N")
    ingest.add_argument("--hosts", type=int, metavar="N", help="profile hosts; default: its own")
    ingest.add_argument(
        "--store",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="postgresql: with 1, 2 and 4 hosts, without the plain application",
    )
    ingest.add_argument("--json", action="store_true", help="end with one line of JSON")
    return parser.parse_args()


def _measured(options: argparse.Namespace, facts: dict[str, str]) -> Report:
    calls = make_calls(options.calls, BATCHED_SEED)
    with tempfile.TemporaryDirectory(prefix="onefold-bench-") as folder:
        facts = facts | {"a sync takes": f"{sync_seconds(Path(folder)) * 1e3:.2f} ms"}
        batched, single, views = _ours(options, calls, Path(folder) / "onefold")
        plain = _plain(calls, Path(folder) / "plain")
    mean = sum(len(call.body) for call in calls) / len(calls)
    notes = [
        f"A call is {mean:.0f} bytes of JSON; {_told(expected_counts(calls))}: all were found.",
        "Ours: over HTTP, each answer a 200 after the commit; the sender ran on the same cores.",
        views,
        f"Plain: eventsourcing as it comes, on SQLite, each call saved whole; {plain.what}.",
    ]
    plain = replace(plain, what="plain")
    command = shlex.join(["scripts/bench", *sys.argv[1:]])
    return Report(batched, single, plain, notes, facts, command)


def _ours(
    options: argparse.Namespace, calls: Sequence[BenchCall], data: Path
) -> tuple[Measured, Measured, str]:
    """Measure batches, then requests of one call, on one server; on disk both weigh the same.

    Tells too how the views followed the batches.
    """
    more = make_calls(SINGLE_CALLS, SINGLE_SEED)
    err.print("Starting a server …")
    with running(data, options.hosts) as server:
        bodies = batch_bodies(calls, options.batch)
        what = f"batches of {options.batch}"
        requests = _requests(server, "/v1/batch", bodies)
        batched = _load(server, what, requests, len(calls), options.connections)
        views = _views_follow(server)
        _check(server, calls)
        requests = [r for call in more for r in _requests(server, f"/v1/{call.kind}", [call.body])]
        single = _load(server, "one by one", requests, len(more), SINGLE_CONNECTIONS)
        _check(server, [*calls, *more])
    weight = bytes_in(data) / (len(calls) + len(more))
    return replace(batched, bytes_per_call=weight), replace(single, bytes_per_call=weight), views


def _views_follow(server: Server) -> str:
    """Wait until the views have all that was taken in, and tell how long that took."""
    began, behind = monotonic(), _lag(server)
    while _lag(server):
        if monotonic() - began > FOLLOW_WITHIN:
            raise ViewsLate(FOLLOW_WITHIN)
        sleep(0.5)
    late = monotonic() - began
    return (
        f"The views were {behind:,} events behind after the batches, and {late:.1f} s later none."
    )


def _lag(server: Server) -> int:
    views: Any = server.read("/api/v1/projections")
    lags: list[int] = [view["lag"] for view in views if view["state"] == "live"]
    return max(lags)


def _requests(server: Server, path: str, bodies: list[bytes]) -> list[bytes]:
    return post_requests(server.url, path, server.write_key, bodies)


def _load(
    server: Server, what: str, requests: list[bytes], calls: int, connections: int
) -> Measured:
    err.print(f"{what}: {calls:,} calls …", highlight=False)
    before = cpu_seconds(server.pid)
    load = send(server.url, requests, connections)
    after = cpu_seconds(server.pid)
    return Measured(
        what,
        calls,
        calls_per_second=calls / load.seconds,
        connections=connections,
        p50_ms=load.percentile(0.5) * 1e3,
        p99_ms=load.percentile(0.99) * 1e3,
        cpu_us_per_call=None if before is None or after is None else (after - before) / calls * 1e6,
    )


def _check(server: Server, calls: Sequence[BenchCall]) -> None:
    expected, counts = expected_counts(calls), server.counts()
    if counts != expected:
        raise Miscounted(expected, counts)


def _plain(calls: Sequence[BenchCall], folder: Path) -> Measured:
    chosen = whole_visitors(calls, PLAIN_CALLS)
    what = f"all {len(chosen):,} calls of the first {len({call.uid for call in chosen})} visitors"
    err.print(f"plain eventsourcing: {what} …", highlight=False)
    folder.mkdir()
    done = measure_plain(chosen, folder)
    weight = done.bytes_on_disk / done.calls
    return Measured(what, done.calls, done.calls / done.seconds, bytes_per_call=weight)


def _told(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(130)
