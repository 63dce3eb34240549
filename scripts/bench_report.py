"""Measurements side by side, for people and for programs."""

from collections.abc import Iterable
from typing import Any

import msgspec
from rich.console import Console, Group
from rich.table import Table


class Measured(msgspec.Struct, frozen=True):
    """One way of taking calls in; None for what was not measured there.

    Latencies are those of requests, CPU time is the server's, all of its processes together.
    """

    what: str
    calls: int
    calls_per_second: float
    connections: int | None = None
    p50_ms: float | None = None
    p99_ms: float | None = None
    cpu_us_per_call: float | None = None
    bytes_per_call: float | None = None


class Report(msgspec.Struct, frozen=True):
    """All of one run; `notes` say what a reader must know to trust the numbers."""

    batched: Measured
    single: Measured
    plain: Measured
    notes: list[str]
    machine: dict[str, str]
    command: str

    @property
    def ratio(self) -> float:
        """How many times the plain way's calls a second we take in batches."""
        return self.batched.calls_per_second / self.plain.calls_per_second


def show(report: Report, console: Console) -> None:
    """Print a table, what it was measured on, and how."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim")
    facts.add_column()
    for name, value in report.machine.items():
        facts.add_row(name, value)
    facts.add_row("command", report.command)
    notes = [f"[dim]·[/] {note}" for note in report.notes]
    console.print(Group(_table(report), *notes, "", facts), highlight=False)


def as_json(report: Report) -> dict[str, Any]:
    """Give the numbers for one line of JSON."""
    found: dict[str, Any] = msgspec.to_builtins(report)
    return found | {"ratio": round(report.ratio, 1)}


def _table(report: Report) -> Table:
    ways = (report.batched, report.single, report.plain)
    plain_rate = report.plain.calls_per_second
    table = Table("", title="Calls taken in, durably")
    for way in ways:
        table.add_column(way.what, justify="right")

    def add(name: str, form: str, values: Iterable[float | None]) -> None:
        shown = ("" if value is None else form.format(value) for value in values)
        table.add_row(name, *shown)

    add("calls", "{:,}", (way.calls for way in ways))
    add("connections", "{:,}", (way.connections for way in ways))
    add("calls/s", "[bold]{:,.0f}[/]", (way.calls_per_second for way in ways))
    add("times plain", "{:.1f}", (way.calls_per_second / plain_rate for way in ways))
    add("latency p50, ms", "{:.1f}", (way.p50_ms for way in ways))
    add("latency p99, ms", "{:.1f}", (way.p99_ms for way in ways))
    add("server CPU, µs a call", "{:.0f}", (way.cpu_us_per_call for way in ways))
    add("on disk, bytes a call", "{:,.0f}", (way.bytes_per_call for way in ways))
    return table
