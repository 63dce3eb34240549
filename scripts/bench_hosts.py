"""How taking calls in goes with more and more profile hosts on one PostgreSQL."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console, Group
from rich.table import Table

from scripts.bench_calls import BenchCall, Miscounted, batch_bodies, expected_counts
from scripts.bench_load import post_requests, send
from scripts.bench_machine import cpu_seconds
from scripts.bench_report import Measured
from scripts.postgres import Postgres, postgres
from scripts.running import Server, running
from store.postgres import migrate

HOSTS = (1, 2, 4)

SETTINGS = {"shared_buffers": "512MB", "max_wal_size": "4GB", "wal_compression": "on"}
"""Beside these a server as it comes: every commit is on the disk before it is answered."""

err = Console(stderr=True)


class HostsReport(msgspec.Struct, frozen=True):
    """The same calls with each number of hosts, one after the other on fresh databases."""

    measured: dict[int, Measured]
    database_us_per_call: dict[int, float]
    machine: dict[str, str]
    command: str

    def change(self, hosts: int) -> float:
        """Tell how the rate differs from that of the fewest hosts, as a share of it."""
        first = next(iter(self.measured.values())).calls_per_second
        return self.measured[hosts].calls_per_second / first - 1


def measure_hosts(
    calls: Sequence[BenchCall], batch: int, connections: int, facts: dict[str, str], command: str
) -> HostsReport:
    """Measure; raises `Miscounted` and what the server and the sender raise."""
    measured: dict[int, Measured] = {}
    spent: dict[int, float] = {}
    with postgres(SETTINGS) as database:
        for hosts in HOSTS:
            with _deployment(database, hosts) as server:
                before = cpu_seconds(database.pid) or 0.0
                measured[hosts] = _load(server, calls, batch, connections)
                after = cpu_seconds(database.pid) or 0.0
                spent[hosts] = (after - before) / len(calls) * 1e6
    return HostsReport(measured, spent, facts, command)


@contextmanager
def _deployment(database: Postgres, hosts: int) -> Iterator[Server]:
    name = f"hosts_{hosts}"
    database.execute(f"CREATE DATABASE {name}")
    migrate(database.address(name))
    err.print(f"Starting a server with {hosts} hosts …", highlight=False)
    with (
        tempfile.TemporaryDirectory(prefix="onefold-bench-") as folder,
        running(Path(folder), hosts, database.address(name)) as server,
    ):
        yield server


def _load(server: Server, calls: Sequence[BenchCall], batch: int, connections: int) -> Measured:
    bodies = batch_bodies(calls, batch)
    requests = post_requests(server.url, "/v1/batch", server.write_key, bodies)
    before = cpu_seconds(server.pid) or 0.0
    load = send(server.url, requests, connections)
    after = cpu_seconds(server.pid) or 0.0
    expected, counts = expected_counts(calls), server.counts()
    if counts != expected:
        raise Miscounted(expected, counts)
    return Measured(
        f"batches of {batch}",
        len(calls),
        calls_per_second=len(calls) / load.seconds,
        connections=connections,
        p50_ms=load.percentile(0.5) * 1e3,
        p99_ms=load.percentile(0.99) * 1e3,
        cpu_us_per_call=(after - before) / len(calls) * 1e6,
    )


def show_hosts(report: HostsReport, console: Console) -> None:
    """Print a table and what it was measured on."""
    table = Table("hosts", title="Calls taken in on PostgreSQL, durably")
    for name in ("calls/s", "change", "p50 / p99, ms", "µs a call", "database, µs a call"):
        table.add_column(name, justify="right")
    for hosts, way in report.measured.items():
        table.add_row(
            str(hosts),
            f"[bold]{way.calls_per_second:,.0f}[/]",
            f"{report.change(hosts):+.0%}",
            f"{way.p50_ms:.1f} / {way.p99_ms:.1f}",
            f"{way.cpu_us_per_call:.0f}",
            f"{report.database_us_per_call[hosts]:.0f}",
        )
    facts = Table.grid(padding=(0, 2))
    for name, value in {**report.machine, "command": report.command}.items():
        facts.add_row(f"[dim]{name}[/]", value)
    console.print(Group(table, "", facts), highlight=False)


def hosts_as_json(report: HostsReport) -> dict[str, Any]:
    """Give the numbers for one line of JSON."""
    found: dict[str, Any] = msgspec.to_builtins(report, str_keys=True)
    return found | {"change": {str(n): round(report.change(n), 3) for n in report.measured}}
