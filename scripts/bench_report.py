"""Measurements side by side, for people and for programs."""

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
    headings = ("calls", "calls/s", "times plain", "p50", "p99", "server CPU", "on disk")
    table = Table("", title="Calls taken in, durably")
    for heading in headings:
        table.add_column(heading, justify="right")
    for way in (report.batched, report.single, report.plain):
        times = way.calls_per_second / report.plain.calls_per_second
        table.add_row(
            way.what,
            f"{way.calls:,}",
            f"[bold]{way.calls_per_second:,.0f}[/]",
            f"{times:.1f}",
            _shown(way.p50_ms, "{:.1f} ms"),
            _shown(way.p99_ms, "{:.1f} ms"),
            _shown(way.cpu_us_per_call, "{:.0f} µs/call"),
            _shown(way.bytes_per_call, "{:,.0f} B/call"),
        )
    return table


def _shown(value: float | None, form: str) -> str:
    return "" if value is None else form.format(value)
