"""A seed is a schedule: a failure can be had again."""

import pytest

from scripts.faults import kinds_for
from scripts.faults_schedule import Kind, make_schedule

EVERYTHING = kinds_for("postgresql", nodes=3, has_network=True)


def test_a_seed_gives_the_same_schedule_and_another_one_another() -> None:
    assert make_schedule(1, 600, EVERYTHING) == make_schedule(1, 600, EVERYTHING)
    assert make_schedule(1, 600, EVERYTHING) != make_schedule(2, 600, EVERYTHING)


@pytest.mark.parametrize("seed", range(20))
def test_ten_minutes_hold_forty_faults_and_every_kind(seed: int) -> None:
    schedule = make_schedule(seed, 600, EVERYTHING)
    assert len(schedule) >= 40
    assert {fault.kind for fault in schedule} == set(EVERYTHING)


def test_what_a_deployment_does_not_have_is_not_broken() -> None:
    assert set(EVERYTHING) == set(Kind)
    assert Kind.CUT_NETWORK not in kinds_for("postgresql", nodes=3)
    assert Kind.KILL_GCS not in kinds_for("postgresql", nodes=1)
    assert Kind.KILL_DATABASE not in kinds_for("sqlite", nodes=1)


def test_every_fault_is_undone_before_the_time_is_up() -> None:
    schedule = make_schedule(1, 60, EVERYTHING, pace=3)
    assert all(fault.at + fault.lasts <= 60 for fault in schedule)
    assert [fault.at for fault in schedule] == sorted(fault.at for fault in schedule)


def test_a_frozen_host_sleeps_longer_than_the_supervisor_waits_for_it() -> None:
    frozen = make_schedule(1, 600, [Kind.FREEZE_HOST])
    assert min(fault.lasts for fault in frozen) >= 15


def test_a_cut_lasts_longer_than_the_health_checks_wait_for_a_node() -> None:
    cut = make_schedule(1, 600, [Kind.CUT_NETWORK])
    assert min(fault.lasts for fault in cut) >= 15


def test_a_line_of_the_schedule_tells_when_what_and_how_long() -> None:
    (fault,) = make_schedule(1, 20, [Kind.HOLD_TRANSACTION], pace=10)
    assert str(fault) == f"   10.0 s  a transaction held open for {fault.lasts:.1f} s"
