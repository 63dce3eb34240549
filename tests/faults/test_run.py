"""A real deployment, real faults, a short schedule: nothing lost, doubled, or half done."""

from pathlib import Path

import pytest

from scripts.faults import Plan, run
from scripts.faults_deployment import StoreKind
from scripts.faults_schedule import OF_ANY, OF_POSTGRES, Kind

pytestmark = [pytest.mark.ray, pytest.mark.slow]

SECONDS, PACE, FAULTS = 12.0, 1.7, 7
BRIEF = tuple(kind for kind in OF_ANY if kind is not Kind.FREEZE_HOST)


@pytest.mark.parametrize(
    ("store", "kinds", "seed"),
    [("sqlite", BRIEF, 88), ("postgresql", (*BRIEF, *OF_POSTGRES), 88)],
)
def test_nothing_is_lost_when_everything_breaks(
    store: StoreKind, kinds: tuple[Kind, ...], seed: int, tmp_path: Path
) -> None:
    plan = Plan(store, SECONDS, seed, kinds, PACE, rate=1_000, clients=4, is_quick=True)
    report = run(plan, tmp_path)
    assert report.is_clean, (report.findings, report.examples, report.problems, report.views)
    assert not report.failed
    assert sum(report.faults.values()) >= FAULTS
    assert report.acknowledged >= 1_000
    assert report.unsure == 0
