"""What a fault run did and found, for people and for programs."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

import msgspec
from rich.console import Console
from rich.table import Table

from scripts.faults_acts import Done
from scripts.faults_schedule import Kind

MARKS: Final = {
    Kind.KILL_HOST: 5.0,
    Kind.KILL_NODE: 10.0,
    Kind.FREEZE_NODE: 10.0,
    Kind.CUT_NETWORK: 10.0,
}
"""Seconds without any acknowledgement that we aim to stay under; missing them fails nothing."""

SHORT = 0.5
"""Seconds without an acknowledgement that are nobody's fault."""

CLOSE = 1.0
"""Seconds by which a stall may seem to begin before its fault."""


class Report(msgspec.Struct, frozen=True):
    """One run. `stalls` is the longest time without an acknowledgement, in seconds, by kind.

    `views` is what `onefold projections verify` said, `problems` all else that went wrong;
    `left_out` is what this machine cannot do, `clocks_apart` by how many seconds the
    clocks of hosts contradict the order of the log; waiting for a lock counts too.
    """

    store: str
    nodes: int
    seed: int
    seconds: float
    acknowledged: int
    unsure: int
    events: int
    faults: dict[str, int]
    failed: list[str]
    stalls: dict[str, float]
    findings: dict[str, int]
    examples: dict[str, list[str]]
    views: list[dict[str, Any]]
    problems: list[str]
    left_out: list[str] = []
    clocks_apart: float = 0.0

    @property
    def is_clean(self) -> bool:
        """Tell whether everything was as promised."""
        differ = [view for view in self.views if view.get("difference")]
        return not (any(self.findings.values()) or self.problems or differ or not self.views)


def longest_stalls(
    done: Sequence[Done], answered_at: Sequence[float], began_at: float
) -> dict[str, float]:
    """Find the longest time without an acknowledgement for each kind of fault.

    A stall is put down to the last fault that began before it.
    """
    longest: dict[str, float] = {one.fault.kind: 0.0 for one in done}
    for before, after in pairwise(sorted([began_at, *answered_at])):
        guilty = [one for one in done if one.began_at <= before + CLOSE]
        if after - before < SHORT or not guilty:
            continue
        kind = max(guilty, key=lambda one: one.began_at).fault.kind
        longest[kind] = max(longest[kind], after - before)
    return longest


def count_faults(done: Sequence[Done]) -> dict[str, int]:
    """Count what happened, by kind."""
    return dict(Counter(str(one.fault.kind) for one in done))


def show(report: Report, console: Console) -> None:
    """Print what happened and what was found."""
    table = Table("fault", "times", "longest stall, s", "mark, s")
    for kind, times in sorted(report.faults.items()):
        mark = MARKS.get(Kind(kind))
        stall = f"{report.stalls.get(kind, 0.0):.1f}"
        table.add_row(kind, str(times), stall, "" if mark is None else f"< {mark:.0f}")
    console.print(table)
    for what in report.left_out:
        console.print(f"left out: {what}", highlight=False, markup=False)
    for what in report.failed:
        console.print(f"did not happen: {what}", highlight=False, markup=False)
    console.print(
        f"{report.acknowledged:,} calls acknowledged in {report.seconds:.0f} s, "
        f"{report.unsure:,} never answered; {sum(report.faults.values())} faults; "
        f"{report.events:,} events in the log, whose hosts' clocks contradict its order by "
        f"{report.clocks_apart:,.0f} s at most",
        highlight=False,
    )
    told = ", ".join(f"{count:,} {kind}" for kind, count in report.findings.items())
    console.print(told, highlight=False)
    for view in report.views:
        differs = view.get("difference")
        what = f"differs: {differs}" if differs else f"{view['rows']:,} rows equal replay"
        console.print(f"view {view['name']}: {what}", highlight=False, markup=False)
    for line in [*report.problems, *(x for some in report.examples.values() for x in some)]:
        console.print(f"! {line}", highlight=False, markup=False)
