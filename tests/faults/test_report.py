"""Whose fault a stall is, and what makes a run fail."""

from io import StringIO

import pytest
from msgspec.structs import replace
from rich.console import Console

from scripts.faults_acts import Done
from scripts.faults_report import Report, count_faults, longest_stalls, show
from scripts.faults_schedule import Fault, Kind

CLEAN = Report(
    store="sqlite",
    nodes=1,
    seed=1,
    seconds=600.0,
    acknowledged=500_000,
    unsure=0,
    events=600_000,
    faults={str(Kind.KILL_HOST): 40},
    failed=[],
    stalls={str(Kind.KILL_HOST): 2.5},
    findings={"lost": 0, "doubled": 0},
    examples={},
    views=[{"name": "profiles", "rows": 10, "difference": None}],
    problems=[],
    left_out=["a node cut off from the network: only root may"],
)


def done(kind: Kind, began_at: float, lasts: float = 0.0) -> Done:
    fault = Fault(began_at, kind, lasts, 0.5)
    return Done(fault, began_at, "pid 1")


def test_a_stall_is_put_down_to_the_last_fault_before_it() -> None:
    faults = [
        done(Kind.FREEZE_HOST, 10.0, 16.0),
        done(Kind.KILL_PROJECTOR, 15.0),
        done(Kind.KILL_HOST, 40.0),
    ]
    answered_at = [*range(1, 11), 23.0, *range(24, 41), 43.5, 44.0]
    stalls = longest_stalls(faults, answered_at, began_at=0.0)
    assert stalls == {Kind.FREEZE_HOST: 13.0, Kind.KILL_PROJECTOR: 1.0, Kind.KILL_HOST: 3.5}


def test_faults_are_counted_by_kind() -> None:
    faults = [done(Kind.KILL_HOST, 1.0), done(Kind.KILL_HOST, 2.0), done(Kind.KILL_GATEWAY, 3.0)]
    assert count_faults(faults) == {Kind.KILL_HOST: 2, Kind.KILL_GATEWAY: 1}


@pytest.mark.parametrize(
    "wrong",
    [
        replace(CLEAN, findings={"lost": 1, "doubled": 0}),
        replace(CLEAN, problems=["400: no"]),
        replace(CLEAN, views=[{"name": "profiles", "rows": 10, "difference": "row 3"}]),
        replace(CLEAN, views=[]),
    ],
)
def test_whatever_is_not_as_promised_fails_the_run(wrong: Report) -> None:
    assert CLEAN.is_clean
    assert not wrong.is_clean


def test_the_report_tells_faults_stalls_marks_and_findings() -> None:
    told = StringIO()
    show(CLEAN, Console(file=told, width=200))
    for part in (
        "kill -9 of a host",
        "40",
        "2.5",
        "< 5",
        "500,000 calls",
        "0 lost",
        "10 rows",
        "left out: a node",
    ):
        assert part in told.getvalue()
