"""Profiles in and out of a backend: what is committed is what is read (invariant 3)."""

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given

from domain.commands import Call
from domain.events import ActivityTracked, CustomerBorn, Folded, Merged, MergeRefused, VisitorBorn
from domain.linking import LinkBook
from store import archive
from store.archive import Store
from store.backend import Entry, Lease
from store.errors import Conflict, Fenced, KeyMissing, Tampered
from store.folder import DATABASE
from tests.controls.calls import alias, device, group, identify, rejected, track
from tests.controls.times import day
from tests.controls.world import customer, source, visitor
from tests.store.effort import SOME
from tests.store.journeys import journeys
from tests.store.scribe import Scribe, opened_again, scribe

LIFE = (
    track("A", uid="u1", at=day(1), links=(device("a"),)),
    identify("u1", attributes={"plan": "free", "initial_referrer": "ad"}, at=day(2)),
    track("B", uid="u2", at=day(3), links=(device("a"),)),
    identify("u2", "c1", attributes={"plan": "pro"}, at=day(7), links=(device("a"),)),
    group("g1", uid="u1", at=day(8)),
    alias("u3", "c1", at=day(9)),
    identify("u1", "c2", at=day(10)),
    alias("c1", "c2", at=day(10)),
    identify("u2", "c1", at=day(11), links=(device("a"),)),
    rejected(source="web"),
    rejected(source="app"),
)
"""Something of everything: folds by every rule, refusals, rejections, link keys."""


@pytest.fixture
def told(store: Store) -> Scribe:
    told = Scribe(store)
    told.send(*LIFE, batch=3)
    return told


def execute(folder: Path, statement: str, *params: object) -> None:
    with closing(sqlite3.connect(folder / DATABASE)) as connection, connection:
        assert connection.execute(statement, params).rowcount > 0


class TestWhatIsCommittedIsRead:
    def test_every_profile_is_recovered_as_it_was(self, told: Scribe, tmp_path: Path) -> None:
        with opened_again(tmp_path) as store:
            for profile in told.world.profiles.values():
                assert store.profile(profile.id) == profile

    def test_many_profiles_are_recovered_at_once(self, told: Scribe, tmp_path: Path) -> None:
        everybody = list(told.world.profiles.values())
        with opened_again(tmp_path) as store:
            assert store.profiles([profile.id for profile in everybody]) == everybody
            assert store.profiles([]) == []

    def test_every_journal_is_recovered_as_it_was(self, told: Scribe, tmp_path: Path) -> None:
        with opened_again(tmp_path) as store:
            for name, journal in told.world.journals.items():
                assert store.journal(journal.id, name) == journal

    def test_a_stream_is_read_in_order(self, told: Scribe) -> None:
        for who in told.world.profiles:
            history = told.store.history(told.id_of(who))
            assert [recorded.event for recorded in history] == told.world.events(who)
            assert [recorded.version for recorded in history] == list(range(1, len(history) + 1))
            assert {recorded.profile_id for recorded in history} == {told.id_of(who)}

    def test_a_stream_is_read_behind_a_version(self, told: Scribe) -> None:
        whole = told.store.history(told.id_of(customer("c1")))
        assert told.store.history(told.id_of(customer("c1")), after=2) == whole[2:]

    def test_a_story_reads_as_it_happened(self, told: Scribe) -> None:
        kinds = [type(r.event) for r in told.store.history(told.id_of(visitor("u2")))]
        assert kinds == [VisitorBorn, ActivityTracked, Folded]
        kinds = [type(r.event) for r in told.store.history(told.id_of(customer("c2")))]
        assert kinds[:2] == [CustomerBorn, MergeRefused]
        merged = [
            r.event.uid
            for r in told.store.history(told.id_of(customer("c1")))
            if isinstance(r.event, Merged)
        ]
        assert merged == ["u2", "u1", "u3"]

    def test_streams_are_read_together_in_the_order_of_the_log(self, told: Scribe) -> None:
        ids = [told.id_of(who) for who in told.world.profiles]
        ids += [journal.id for journal in told.world.journals.values()]
        found = told.store.positioned(ids)
        assert [recorded for _, recorded in found] == told.world.log
        assert [position for position, _ in found] == list(range(1, len(found) + 1))

    def test_a_commit_answers_the_position_of_the_log(self, store: Store) -> None:
        told = Scribe(store)
        assert told.commit(told.attempt(*LIFE)) == len(told.attempt(*LIFE).recorded)

    def test_s2_the_directory_knows_everybody(self, told: Scribe) -> None:
        uids = {uid: Entry(told.id_of(visitor(uid)), "c1") for uid in ("u1", "u2", "u3")}
        assert told.store.find("uid", ["u1", "u2", "u3", "u4"]) == uids
        cids = {cid: Entry(told.id_of(customer(cid))) for cid in ("c1", "c2")}
        assert told.store.find("cid", ["c1", "c2", "c3"]) == cids
        journals = {name: Entry(told.world.journals[name].id) for name in ("web", "app")}
        assert told.store.find("journal", ["web", "app", "tv"]) == journals

    def test_m3_link_books_come_back_with_their_versions(self, told: Scribe) -> None:
        link = device("a")
        assert told.store.books([link, device("b")]) == {
            link: (told.book_versions[link], told.world.book(link)),
            device("b"): (0, LinkBook()),
        }

    def test_the_counters_count_what_happened(self, told: Scribe) -> None:
        counted = +Counter(told.store.backend.tallies())
        assert counted == +told.world.tallies
        by_source = {"received:web": 10, "received:app": 1, "rejected:web": 1, "rejected:app": 1}
        everywhere = {
            "activities": 3,
            "customers": 2,
            "folds": 3,
            "refusals": 2,
            "rejections": 2,
        }
        assert counted == Counter({**by_source, **everywhere})

    def test_keys_that_were_let_go_are_found_again(
        self, told: Scribe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(archive, "CIPHERS", 1)
        with opened_again(tmp_path) as store:
            for profile in [*told.world.profiles.values()] * 2:
                assert store.profile(profile.id) == profile

    def test_the_file_shows_nothing_that_was_said(self, told: Scribe, tmp_path: Path) -> None:
        assert told.send(track("Bought a ring", uid="u9", properties={"to": "Ana Novak"})) > 0
        text = b"".join(path.read_bytes() for path in tmp_path.glob(f"{DATABASE}*"))
        assert b"tracked.1" in text
        for word in (b"Bought", b"Novak", b"referrer"):
            assert word not in text

    @SOME
    @given(journeys())
    def test_any_life_is_recovered_as_it_was(self, life: list[Call]) -> None:
        with scribe() as (told, folder):
            told.send(*life, batch=5)
            with opened_again(folder) as store:
                for profile in told.world.profiles.values():
                    assert store.profile(profile.id) == profile


class TestConflicts:
    """Whoever decided on old knowledge writes nothing and leaves nothing (rule S3)."""

    def test_s3_a_draft_that_comes_second_leaves_nothing(self, store: Store) -> None:
        told = Scribe(store)
        told.send(track("A", uid="u1"))
        early = told.attempt(track("B", uid="u1"), track("C", uid="u2"), rejected())
        told.send(track("D", uid="u1"))
        before = (store.backend.position(), store.backend.tallies())
        with pytest.raises(Conflict):
            told.commit(early)
        assert (store.backend.position(), store.backend.tallies()) == before
        assert store.find("uid", ["u2"]) == {}
        assert store.find("journal", ["web"]) == {}
        assert told.stored(visitor("u1")) == told.world.profile(visitor("u1"))

    def test_m4_half_a_fold_is_never_stored(self, store: Store) -> None:
        told = Scribe(store)
        told.send(track("A", uid="u1"))
        fold = told.attempt(identify("u1", "c1"))
        told.send(track("B", uid="u1"))
        with pytest.raises(Conflict):
            told.commit(fold)
        assert store.find("cid", ["c1"]) == {}
        assert told.stored(visitor("u1")).folded_into is None

    def test_s3_a_link_book_of_another_time_is_a_conflict(self, store: Store) -> None:
        told = Scribe(store)
        early = told.attempt(track("A", uid="u1", links=(device("a"),)))
        told.send(track("B", uid="u2", links=(device("a"),)))
        told.book_versions.clear()
        with pytest.raises(Conflict):
            told.commit(early)
        assert store.find("uid", ["u1"]) == {}

    def test_s3_a_link_book_whose_version_was_forgotten_is_a_conflict(self, store: Store) -> None:
        told = Scribe(store)
        draft = told.attempt(track("A", uid="u1", links=(device("a"),)))
        with pytest.raises(Conflict, match="link book 'device:a' was passivated"):
            store.commit(told.lease, draft, {})
        assert store.backend.position() == 0

    def test_d6_a_fenced_draft_leaves_nothing(self, store: Store) -> None:
        told = Scribe(store)
        store.backend.take_lease("host-0", "another")
        with pytest.raises(Fenced):
            told.send(*LIFE)
        assert store.backend.position() == 0
        with pytest.raises(Fenced):
            store.commit(Lease("host-1", 1), told.attempt(track(uid="u1")), {})

    def test_a_refused_draft_may_be_decided_and_committed_again(self, store: Store) -> None:
        told = Scribe(store)
        early = told.attempt(track("B", uid="u1"))
        told.send(track("A", uid="u1"))
        with pytest.raises(Conflict):
            told.commit(early)
        told.send(track("B", uid="u1"))
        assert told.stored(visitor("u1")).total.activities == {"A": 1, "B": 1}


class TestDamage:
    """What was altered in the database is noticed, never shown (invariant 6)."""

    def test_d8_two_events_of_one_profile_that_changed_places_are_noticed(
        self, told: Scribe, tmp_path: Path
    ) -> None:
        mine = told.id_of(visitor("u1")).bytes
        flip = "UPDATE events SET originator_version = ? WHERE originator_id = ? AND {} = ?"
        version = flip.format("originator_version")
        for to, at in ((99, 2), (2, 3), (3, 99)):
            execute(tmp_path, version, to, mine, at)
        with pytest.raises(Tampered, match="was altered or moved"):
            told.stored(visitor("u1"))

    def test_d8_an_event_moved_to_another_profile_is_noticed(
        self, told: Scribe, tmp_path: Path
    ) -> None:
        ana, ben = (told.id_of(customer(cid)).bytes for cid in ("c1", "c2"))
        move = (
            "UPDATE events SET originator_id = ?, originator_version = 50 WHERE originator_id = ?"
        )
        execute(tmp_path, f"{move} AND originator_version = 2", ben, ana)
        with pytest.raises(Tampered):
            told.stored(customer("c2"))

    def test_d8_an_altered_event_is_noticed(self, told: Scribe, tmp_path: Path) -> None:
        mine = told.id_of(customer("c1"))
        execute(
            tmp_path,
            "UPDATE events SET state = zeroblob(40) WHERE originator_id = ? AND "
            "originator_version = 2",
            mine.bytes,
        )
        with pytest.raises(Tampered) as caught:
            told.store.profile(mine)
        assert (caught.value.profile_id, caught.value.version) == (mine, 2)
        others = told.id_of(customer("c2"))
        assert [profile.id for profile in told.store.profiles([mine, others])] == [others]

    def test_e1_a_profile_without_its_key_cannot_be_read(
        self, told: Scribe, tmp_path: Path
    ) -> None:
        mine, others = told.id_of(customer("c1")), told.id_of(customer("c2"))
        execute(tmp_path, "DELETE FROM keys WHERE profile_id = ?", mine.bytes)
        with opened_again(tmp_path) as store:
            with pytest.raises(KeyMissing, match=f"Expected a data key for profile {mine}"):
                store.profile(mine)
            assert store.profiles([mine]) == []
            assert store.profile(others) == told.world.profile(customer("c2"))

    def test_an_unknown_stream_has_no_events_and_needs_no_key(self, store: Store) -> None:
        assert store.history(UUID(int=404)) == []
        assert store.version(UUID(int=404)) == 0

    def test_s2_a_source_keeps_its_rejections_in_a_stream_of_its_own(self, told: Scribe) -> None:
        assert [r.event for r in told.store.history(told.world.journals["web"].id)] == (
            told.world.events(source("web"))
        )
