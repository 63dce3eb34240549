"""Snapshots are a cache: with them, without them, or with bad ones, a profile is the same."""

import sqlite3
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import reduce
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.attributes import Policies, Policy, Register
from domain.commands import Call
from domain.draft import Recorded
from domain.journal import Journal
from domain.profile import initial
from store import snapshots
from store.archive import Store
from store.folder import DATABASE
from store.snapshots import FIRST, THRESHOLDS, due, fingerprint
from tests.controls.calls import identify, rejected, track
from tests.controls.times import day
from tests.controls.world import customer, visitor
from tests.store.effort import MANY, SOME
from tests.store.journeys import journeys
from tests.store.scribe import Scribe, opened_again, scribe

versions = st.integers(0, 50_000)

PLANS = [identify("u2", "c1", attributes={"plan": plan}, at=day(plan)) for plan in range(9)]


class TestWhenASnapshotIsDue:
    @MANY
    @given(versions, versions)
    def test_a_stream_that_passes_a_threshold_is_due(self, before: int, growth: int) -> None:
        passed = [at for at in THRESHOLDS if before < at <= before + growth]
        assert due(before, before + growth) is bool(passed)

    @MANY
    @given(versions, st.lists(st.integers(1, 400), max_size=20))
    def test_no_threshold_is_missed_however_a_stream_grows(
        self, start: int, steps: list[int]
    ) -> None:
        at, taken = start, 0
        for step in steps:
            taken += due(at, at + step)
            at += step
        passed = bisect_right(THRESHOLDS, at) - bisect_right(THRESHOLDS, start)
        assert min(passed, 1) <= taken <= passed

    def test_a_short_stream_has_none(self) -> None:
        assert not any(due(version - 1, version) for version in range(1, FIRST))
        assert due(FIRST - 1, FIRST)
        assert not due(FIRST, FIRST + 1)

    @MANY
    @given(st.integers(FIRST, 10**9))
    def test_at_most_a_quarter_of_a_stream_is_replayed(self, version: int) -> None:
        latest = THRESHOLDS[bisect_right(THRESHOLDS, version) - 1]
        assert version - latest <= max(FIRST, version // 4)

    @MANY
    @given(st.integers(FIRST, 10**9))
    def test_all_snapshots_together_cost_no_more_than_a_few_streams(self, version: int) -> None:
        assert sum(at for at in THRESHOLDS if at <= version) <= 6 * version

    def test_policies_are_told_apart_by_what_they_say(self) -> None:
        assert fingerprint(Policies()) == fingerprint(Policies())
        assert fingerprint(Policies()) != fingerprint(Policies({"plan": Policy.MAX}))


@contextmanager
def every(count: int) -> Iterator[None]:
    """Take a snapshot at each multiple of a count."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(snapshots, "FIRST", count)
        patch.setattr(snapshots, "THRESHOLDS", list(range(count, 1_000, count)))
        yield


@pytest.fixture
def told(store: Store) -> Iterator[Scribe]:
    """A visitor, a customer and a journal of ten events or more, with snapshots at nine."""
    told = Scribe(store)
    with every(3):
        told.send(
            *(track(name, uid="u1", at=day(n)) for n, name in enumerate("ABCABCABC")),
            *PLANS,
            *(rejected(source="web") for _ in range(10)),
        )
        yield told


def execute(folder: Path, statement: str, *params: object) -> None:
    with closing(sqlite3.connect(folder / DATABASE)) as connection, connection:
        assert connection.execute(statement, params).rowcount > 0


def register(plan: int) -> Register:
    """The write that the numbered identify made."""
    return Register(day(plan), PLANS[plan].message_id, b"%d" % plan)


def replayed_from(store: Store, profile_id: UUID) -> int:
    """Tell behind which version the stream was read to recover a profile."""
    asked: list[int] = []

    class Watched(Store):
        def history(
            self, profile_id: UUID, after: int = 0, upto: int | None = None
        ) -> list[Recorded]:
            asked.append(after)
            return super().history(profile_id, after, upto)

    watched = Watched(store.backend, store._keyring, store.policies)  # noqa: SLF001 - the same store, watched
    watched.profile(profile_id)
    return asked[0]


class TestRecovery:
    def test_a_profile_is_its_snapshot_and_what_came_after(self, told: Scribe) -> None:
        for who in (visitor("u1"), customer("c1")):
            snapshot = told.store.backend.snapshot(told.id_of(who))
            assert snapshot is not None
            assert snapshot.version == 9
            assert replayed_from(told.store, told.id_of(who)) == 9
            assert told.stored(who) == told.world.profile(who)
            assert told.world.profile(who).version > 9

    def test_a_journal_is_its_snapshot_and_what_came_after(self, told: Scribe) -> None:
        journal = told.world.journals["web"]
        snapshot = told.store.backend.snapshot(journal.id)
        assert snapshot is not None
        assert snapshot.version == 9
        assert told.store.journal(journal.id, "web") == journal

    @SOME
    @given(journeys(), st.integers(1, 6))
    def test_snapshot_and_tail_are_the_full_replay(self, life: list[Call], batch: int) -> None:
        with scribe() as (told, folder), every(2):
            told.send(*life, batch=batch)
            with opened_again(folder) as store:
                for who, profile in told.world.profiles.items():
                    assert profile.version < 2 or store.backend.snapshot(profile.id) is not None
                    assert store.profile(profile.id) == told.world.replayed(who) == profile

    def test_a_batch_that_passes_many_thresholds_takes_one(self, store: Store) -> None:
        told = Scribe(store)
        with every(3):
            told.send(*(track(uid="u1") for _ in range(20)), batch=20)
        snapshot = store.backend.snapshot(told.id_of(visitor("u1")))
        assert snapshot is not None
        assert snapshot.version == 21

    def test_a_snapshot_says_nothing_to_who_has_no_key(self, told: Scribe) -> None:
        snapshot = told.store.backend.snapshot(told.id_of(customer("c1")))
        assert snapshot is not None
        assert b"plan" not in snapshot.state


class TestSnapshotsOfNoUse:
    """One that cannot be trusted is passed over, and the whole stream replayed."""

    def test_f1_one_made_under_other_policies_is_passed_over(
        self, told: Scribe, tmp_path: Path
    ) -> None:
        lowest = Policies({"plan": Policy.MIN})
        assert told.stored(customer("c1")).total.attributes["plan"] == register(8)
        with opened_again(tmp_path, lowest) as store:
            who = told.id_of(customer("c1"))
            assert store.profile(who).total.attributes["plan"] == register(0)
            assert replayed_from(store, who) == 0

    def test_one_of_another_shape_is_passed_over(
        self, told: Scribe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        who = told.id_of(customer("c1"))
        assert replayed_from(told.store, who) > 0
        monkeypatch.setattr(snapshots, "SHAPE", b"3")
        with opened_again(tmp_path) as store:
            assert replayed_from(store, who) == 0
            assert store.profile(who) == told.stored(customer("c1"))

    @pytest.mark.parametrize(
        "damage",
        [
            "state = zeroblob(100)",
            "state = zeroblob(0)",
            "version = 6",
            "state = (SELECT state FROM snapshots WHERE profile_id != ?2 AND version = 9)",
        ],
        ids=["overwritten", "empty", "at another version", "of another profile"],
    )
    def test_one_that_cannot_be_read_is_passed_over(
        self, told: Scribe, tmp_path: Path, damage: str
    ) -> None:
        who = told.id_of(visitor("u1"))
        statement = f"UPDATE snapshots SET {damage} WHERE profile_id = ?1"  # noqa: S608 - no input in it
        execute(tmp_path, statement, who.bytes, *([who.bytes] if "?2" in damage else []))
        with opened_again(tmp_path) as store:
            assert replayed_from(store, who) == 0
            assert store.profile(who) == told.world.profile(visitor("u1"))

    def test_a_journals_too(self, told: Scribe, tmp_path: Path) -> None:
        journal = told.world.journals["web"]
        execute(
            tmp_path,
            "UPDATE snapshots SET state = zeroblob(50) WHERE profile_id = ?",
            journal.id.bytes,
        )
        with opened_again(tmp_path) as store:
            assert store.journal(journal.id, "web") == journal

    def test_without_any_the_stream_alone_is_enough(self, told: Scribe, tmp_path: Path) -> None:
        execute(tmp_path, "DELETE FROM snapshots")
        with opened_again(tmp_path) as store:
            for who, profile in told.world.profiles.items():
                history = [recorded.event for recorded in store.history(profile.id)]
                assert history == told.world.events(who)
                assert store.profile(profile.id) == profile


def test_an_empty_stream_is_nobody_yet(store: Store) -> None:
    assert store.profile(UUID(int=404)) == initial(UUID(int=404))
    assert store.journal(UUID(int=404), "web") == reduce(
        Journal.evolve, [], Journal(UUID(int=404), "web")
    )
