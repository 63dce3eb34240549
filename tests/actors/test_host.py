"""One batch, one transaction, one answer for each call (designs D2, D3 and D6)."""

import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from random import Random
from typing import Any, NoReturn

import msgspec
import pytest

from actors.host import ATTEMPTS, ProfileHost
from actors.parcels import (
    APPLIED,
    DUPLICATE,
    FAILED,
    REJECTED,
    UNAVAILABLE,
    Parcel,
    Question,
    Reply,
    Turn,
    pack_parcels,
    unpack_reply,
)
from domain.attributes import Policies
from domain.commands import AnyCommand
from domain.events import CallRejected
from store.backend import Write
from store.errors import Conflict, StoreUnavailable
from store.folder import DATABASE
from store.sqlite import SqliteBackend
from tests.actors.deployment import Deployment, customer, send, visitor
from tests.controls.calls import alias, device, identify, rejected, track
from tests.controls.times import day

NOBODY = track("A")
"""A call that names neither a UID nor a CID: no gateway lets it through, deciding it raises."""


@pytest.fixture
def host(deployment: Deployment) -> ProfileHost:
    return deployment.hosts[0]


@contextmanager
def writing(write: Callable[[SqliteBackend, Write], int]) -> Iterator[None]:
    """Have every write of every host done by this instead."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SqliteBackend, "write", write)
        yield


def journal(deployment: Deployment, source: str) -> list[CallRejected]:
    """Read what a source's journal keeps."""
    store = deployment.store()
    (entry,) = store.find("journal", [source]).values()
    events = [recorded.event for recorded in store.history(entry.profile_id)]
    return [event for event in events if isinstance(event, CallRejected)]


FULL = StoreUnavailable("the disk is full")


@contextmanager
def no_file_over(size: int) -> Iterator[None]:
    """Have the system refuse what would make any file of this process larger, in bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def down(*_: object) -> NoReturn:
    raise FULL


class TestAnswers:
    def test_each_call_of_a_batch_is_answered_in_order(self, host: ProfileHost) -> None:
        first, second = track(uid="u1"), identify("u1", "c1")
        assert send(host, first, second, first, rejected()) == [
            APPLIED,
            APPLIED,
            DUPLICATE,
            APPLIED,
        ]

    def test_a_batch_travels_as_bytes(self, host: ProfileHost, deployment: Deployment) -> None:
        batch = pack_parcels([Parcel(track(uid="u1")), Parcel(rejected()), Parcel(alias("a", "b"))])
        assert unpack_reply(host.handle(batch)) == Reply(8, [APPLIED, APPLIED, APPLIED])
        assert unpack_reply(host.handle(batch)) == Reply(8, [DUPLICATE, DUPLICATE, DUPLICATE])
        assert deployment.stats()["position"] == 8

    def test_d2_a_batch_is_left_unless_this_incarnation_took_the_one_before(
        self, deployment: Deployment
    ) -> None:
        first, second = (
            pack_parcels([Parcel(track(name, uid="u1"))], Turn(7, number, after))
            for name, number, after in (("A", 1, None), ("B", 2, 1))
        )
        host, successor = deployment.hosts[0], deployment.new_host()
        assert unpack_reply(host.handle(first)).results == [APPLIED]
        assert unpack_reply(successor.handle(second)) == Reply(0, [], is_taken=False)
        assert unpack_reply(host.handle(second)).results == [APPLIED]
        assert visitor(host, "u1")["activity_count"] == 2

    def test_an_empty_batch_has_no_answers(self, host: ProfileHost) -> None:
        assert send(host) == []

    def test_c7_an_alias_of_itself_changes_nothing(
        self, host: ProfileHost, deployment: Deployment
    ) -> None:
        assert send(host, alias("c1", "c1")) == [APPLIED]
        assert deployment.stats()["position"] == 0

    def test_an_unknown_profile_has_no_document(self, host: ProfileHost) -> None:
        assert host.read(Question("visitor", "u1")) == (None, None)
        assert host.read(Question("customer", "c1")) == (None, None)

    def test_s1_a_profile_is_born_under_an_id_that_the_host_mints(
        self, deployment: Deployment
    ) -> None:
        (host,) = deployment.hosts
        send(host, track(uid="u1"), track(cid="c1"))
        for kind, name in (("uid", "u1"), ("cid", "c1")):
            entry = deployment.store().find(kind, [name])[name]
            assert entry.profile_id.version == 7

    def test_the_host_says_when_it_took_note(self, deployment: Deployment) -> None:
        moments = iter(range(1_000, 2_000))
        host = ProfileHost(
            deployment.store(),
            deployment.placement,
            name="host-0",
            owner="a test",
            live_profiles=10,
            now=lambda: next(moments),
        )
        send(host, track(uid="u1"), track(uid="u1"))
        send(host, track(uid="u1"))
        store = deployment.store()
        history = store.history(store.find("uid", ["u1"])["u1"].profile_id)
        assert [r.event.moment.recorded_at for r in history] == [1_000, 1_000, 1_000, 1_001]


class TestIdempotence:
    """A call is applied once, however often it is sent (rule F4, invariant 1)."""

    CALLS: tuple[AnyCommand, ...] = (
        track("A", uid="u1", links=(device("a"),)),
        identify("u1", attributes={"plan": "pro"}),
        identify("u1", "c1"),
        track("B", uid="u1", cid="c1"),
        track("C", cid="c1"),
        alias("u2", "c1"),
        rejected(),
    )

    def test_story_5_a_batch_sent_three_times_is_counted_once(
        self, host: ProfileHost, deployment: Deployment
    ) -> None:
        assert send(host, *self.CALLS) == [APPLIED] * 7
        position = deployment.stats()["position"]
        before = customer(host, "c1")
        for _ in range(2):
            assert send(host, *self.CALLS) == [DUPLICATE] * 7
        assert customer(host, "c1") == before
        assert deployment.stats()["position"] == position
        assert deployment.counted() == {
            "activities": 3,
            "customers": 1,
            "folds": 2,
            "rejections": 1,
            "duplicates": 14,
        }

    def test_story_8_a_restart_between_changes_nothing(self, deployment: Deployment) -> None:
        for times in range(3):
            expected = APPLIED if times == 0 else DUPLICATE
            assert [send(deployment.hosts[0], call) for call in self.CALLS] == [[expected]] * 7
            deployment.restart()
        assert deployment.counted()["activities"] == 3

    def test_f4_a_call_that_came_before_the_fold_is_known_after_it(self, host: ProfileHost) -> None:
        first = track(uid="u1")
        send(host, first)
        send(host, identify("u1", "c1"))
        assert send(host, first) == [DUPLICATE]
        assert customer(host, "c1")["activity_count"] == 1


class TestLease:
    """Whoever writes does so under a lease, and one that lost it writes no more (D6)."""

    def test_d6_the_lease_is_taken_before_the_first_write(self, host: ProfileHost) -> None:
        host.read(Question("visitor", "u1"))
        assert host.epoch == 0
        send(host, track(uid="u1"))
        assert host.epoch == 1
        send(host, track(uid="u1"))
        assert host.epoch == 1

    def test_d6_a_fenced_host_refuses_everything_and_leaves_the_store_alone(
        self, deployment: Deployment
    ) -> None:
        (old,) = deployment.hosts
        known = track("A", uid="u1")
        new_calls = (track("C", uid="u1"), track(uid="u3"), identify("u1", "c1"), rejected())
        refused: tuple[AnyCommand, ...] = (known, *new_calls)
        send(old, known, identify("u2", "c1"))
        new = deployment.new_host()
        send(new, track("B", uid="u1"))
        before = deployment.stats()

        assert send(old, *refused) == [UNAVAILABLE] * 5
        assert [send(old, call) for call in refused] == [[UNAVAILABLE]] * 5
        assert old.is_fenced
        assert deployment.stats() == before

        assert not new.is_fenced
        assert send(new, *refused) == [DUPLICATE, APPLIED, APPLIED, APPLIED, APPLIED]
        assert (old.epoch, new.epoch) == (1, 2)

    def test_d6_a_fenced_host_never_takes_the_lease_again(self, deployment: Deployment) -> None:
        (old,) = deployment.hosts
        send(old, track(uid="u1"))
        new = deployment.new_host()
        send(new, track(uid="u1"))
        for _ in range(3):
            send(old, track(uid="u1"))
        assert old.epoch == 1
        assert send(new, track(uid="u1")) == [APPLIED]

    def test_d6_a_fenced_host_still_reads_what_is_true_now(self, deployment: Deployment) -> None:
        (old,) = deployment.hosts
        send(old, track("A", uid="u1"))
        send(deployment.new_host(), track("B", uid="u1"))
        send(old, track("C", uid="u1"))
        assert visitor(old, "u1")["activities"] == {"A": 1, "B": 1}


class TestAPoisonCall:
    """A call whose decision fails does not hurt its neighbours."""

    @pytest.mark.parametrize("place", [0, 1, 4, 8])
    def test_its_neighbours_are_applied(
        self, host: ProfileHost, deployment: Deployment, place: int
    ) -> None:
        batch: list[AnyCommand] = [track("A", uid=f"u{n % 3}") for n in range(8)]
        batch.insert(place, NOBODY)
        expected = [APPLIED] * 8
        expected.insert(place, REJECTED)
        assert send(host, *batch) == expected
        assert deployment.counted() == {"activities": 8, "visitors": 3, "rejections": 1}

    def test_it_is_kept_as_rejected_however_often_it_comes(
        self, host: ProfileHost, deployment: Deployment
    ) -> None:
        poison = track("A", properties={"a": [1]}, attributes={"b": 2}, source="shop")
        for _ in range(3):
            assert send(host, poison) == [REJECTED]
        assert deployment.counted() == {"rejections": 1, "duplicates": 2}
        (kept,) = journal(deployment, "shop")
        assert (kept.code, kept.moment.message_id) == ("undecidable", poison.message_id)
        sample = msgspec.json.decode(kept.sample)
        assert (sample["call"], sample["name"]) == ("Track", "A")
        assert (sample["properties"], sample["attributes"]) == ({"a": [1]}, {"b": 2})
        assert send(host, track(uid="u1")) == [APPLIED]

    def test_a_profile_whose_log_was_altered_blocks_nobody(self, deployment: Deployment) -> None:
        send(deployment.hosts[0], track("A", uid="u1"), track("B", uid="u2"))
        with closing(sqlite3.connect(deployment.folder / DATABASE)) as connection, connection:
            altered = (
                "UPDATE events SET state = zeroblob(40) WHERE originator_id = "
                "(SELECT profile_id FROM directory WHERE kind = 'uid' AND value = 'u1')"
            )
            assert connection.execute(altered).rowcount == 2
        host = deployment.new_host()
        batch: list[AnyCommand] = [
            track("C", uid="u2"),
            track("D", uid="u1"),
            identify("u1", "c1"),
        ]
        assert send(host, *batch) == [APPLIED, REJECTED, REJECTED]
        assert visitor(host, "u2")["activities"] == {"B": 1, "C": 1}
        assert [kept.code for kept in journal(deployment, "web")] == ["undecidable"] * 2

    def test_one_that_cannot_even_be_kept_is_not_acknowledged(
        self, host: ProfileHost, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object) -> NoReturn:
            raise ZeroDivisionError

        with monkeypatch.context() as patch:
            patch.setattr("actors.host.reject", fail)
            assert send(host, NOBODY, track(uid="u1")) == [FAILED, APPLIED]
        with writing(down):
            assert send(host, NOBODY) == [UNAVAILABLE]
        assert deployment.counted() == {"activities": 1, "visitors": 1}

    def test_many_of_them_change_nothing_for_the_others(self, host: ProfileHost) -> None:
        batch = [NOBODY if n % 2 else track(uid="u1") for n in range(20)]
        assert send(host, *batch) == [APPLIED, REJECTED] * 10
        assert visitor(host, "u1")["activity_count"] == 10

    def test_what_it_left_half_decided_is_forgotten(
        self, host: ProfileHost, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Here the call bears its customer, folds its visitor, and only then fails."""

        def fail(*_: object) -> NoReturn:
            raise ZeroDivisionError

        send(host, track("A", uid="u1"))
        with monkeypatch.context() as patch:
            patch.setattr("domain.identification.spread", fail)
            assert send(host, identify("u1", "c1"), track("B", uid="u1")) == [REJECTED, APPLIED]
        assert visitor(host, "u1")["activities"] == {"A": 1, "B": 1}
        assert host.read(Question("customer", "c1")) == (None, None)


class TestAnUnavailableStore:
    """What is not stored is not answered, not remembered, and may be sent again."""

    def test_nothing_is_acknowledged_and_memory_stays_as_it_was(
        self, host: ProfileHost, deployment: Deployment
    ) -> None:
        first, second = track("A", uid="u1"), track("B", uid="u1")
        batch: list[AnyCommand] = [first, second, identify("u2", "c1"), rejected()]
        send(host, first)
        before, counted = visitor(host, "u1"), deployment.stats()
        with writing(down):
            assert send(host, *batch) == [UNAVAILABLE] * 4
            assert visitor(host, "u1") == before
            assert host.read(Question("customer", "c1")) == (None, None)
        assert deployment.stats() == counted
        assert not host.is_fenced

        assert send(host, *batch) == [DUPLICATE, APPLIED, APPLIED, APPLIED]
        assert visitor(host, "u1")["activities"] == {"A": 1, "B": 1}
        assert customer(host, "c1")["uids"] == ["u2"]

    @pytest.mark.parametrize("name", ["take_lease", "find", "stream"])
    def test_a_store_that_cannot_be_asked_is_unavailable_too(
        self, deployment: Deployment, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        send(deployment.hosts[0], track("A", uid="u1"))
        host = deployment.new_host()
        with monkeypatch.context() as patch:
            patch.setattr(SqliteBackend, name, down)
            assert send(host, track("B", uid="u1")) == [UNAVAILABLE]
        assert send(host, track("C", uid="u1")) == [APPLIED]
        assert visitor(host, "u1")["activities"] == {"A": 1, "C": 1}

    def test_what_memory_took_over_while_the_commit_failed_is_forgotten(
        self, host: ProfileHost, deployment: Deployment
    ) -> None:
        """The fold and its customer are in memory already when the disk gives up."""
        send(host, track("A", uid="u1"))

        def too_late(_: SqliteBackend, write: Write) -> NoReturn:
            write.accepted()
            raise FULL

        with writing(too_late):
            assert send(host, identify("u1", "c1"), track("B", uid="u2")) == [UNAVAILABLE] * 2
        assert deployment.counted() == {"activities": 1, "visitors": 1}
        assert host.read(Question("customer", "c1")) == (None, None)
        assert visitor(host, "u1")["activities"] == {"A": 1}
        assert send(host, track("C", uid="u1"), track("B", uid="u2")) == [APPLIED] * 2
        assert visitor(host, "u1")["activities"] == {"A": 1, "C": 1}

    def test_a_commit_that_the_system_refuses_leaves_memory_as_the_store_is(
        self, host: ProfileHost, deployment: Deployment
    ) -> None:
        send(host, *(track("A", uid=f"u{n}") for n in range(10)))
        told = {"about": Random(7).randbytes(50_000).hex()}
        calls = [identify(f"u{n}", f"c{n}", attributes=told) for n in range(10)]
        with no_file_over(200_000):
            assert send(host, *calls) == [UNAVAILABLE] * 10
        assert deployment.counted() == {"activities": 10, "visitors": 10}
        assert visitor(host, "u1")["activities"] == {"A": 1}
        assert send(host, *calls) == [APPLIED] * 10
        assert customer(host, "c1")["activities"] == {"A": 1}
        assert deployment.counted() == {"activities": 10, "customers": 10, "folds": 10}

    def test_what_was_stored_before_it_failed_stays_answered(
        self, host: ProfileHost, deployment: Deployment
    ) -> None:
        """The batch is halved for its poison call; the second half finds the disk full."""
        written: list[Write] = []
        actual = SqliteBackend.write

        def once(backend: SqliteBackend, write: Write) -> int:
            if written:
                raise FULL
            written.append(write)
            return actual(backend, write)

        with writing(once):
            batch = [track("A", uid="u1"), track("B", uid="u2"), NOBODY, track("C", uid="u3")]
            assert send(host, *batch) == [APPLIED, APPLIED, UNAVAILABLE, UNAVAILABLE]
        assert deployment.counted() == {"activities": 2, "visitors": 2}


class TestAConflict:
    """Somebody wrote first: read again, decide again, and only as often as makes sense (S3)."""

    def test_s3_a_stale_visitor_is_read_again(self, deployment: Deployment) -> None:
        (host,), rival = deployment.hosts, deployment.rival()
        send(host, track("A", uid="u1"))
        send(rival, track("B", uid="u1"))
        assert send(host, track("C", uid="u1")) == [APPLIED]
        assert visitor(host, "u1")["activities"] == {"A": 1, "B": 1, "C": 1}

    def test_s3_a_stale_visitor_may_have_been_folded(self, deployment: Deployment) -> None:
        (host,), rival = deployment.hosts, deployment.rival()
        send(host, track("A", uid="u1"))
        send(rival, identify("u1", "c1"))
        assert send(host, track("B", uid="u1")) == [APPLIED]
        assert customer(host, "c1")["activities"] == {"A": 1, "B": 1}

    def test_s3_a_stale_customer_is_read_again(self, deployment: Deployment) -> None:
        (host,), rival = deployment.hosts, deployment.rival()
        send(host, identify("u1", "c1"))
        theirs = track("A", uid="u2", cid="c1")
        send(rival, theirs)
        assert send(host, track("B", uid="u1"), theirs) == [APPLIED, DUPLICATE]
        assert customer(host, "c1")["uids"] == ["u1", "u2"]
        assert customer(host, "c1")["activities"] == {"A": 1, "B": 1}

    def test_s3_a_stale_journal_is_read_again(self, deployment: Deployment) -> None:
        (host,), rival = deployment.hosts, deployment.rival()
        send(host, rejected())
        theirs = rejected()
        send(rival, theirs)
        assert send(host, rejected(), theirs) == [APPLIED, DUPLICATE]
        assert deployment.counted() == {"rejections": 3, "duplicates": 1}

    def test_m3_a_stale_link_book_is_read_again(self, deployment: Deployment) -> None:
        (host,), rival = deployment.hosts, deployment.rival()
        link = (device("a"),)
        send(host, track("A", uid="u1", links=link, at=day(1)))
        send(rival, track("B", uid="u2", links=link, at=day(2)))
        assert send(host, identify("u3", "c1", links=link, at=day(7))) == [APPLIED]
        assert customer(host, "c1")["uids"] == ["u1", "u2", "u3"]
        assert deployment.counted() == {"activities": 2, "customers": 1, "folds": 3}

    def test_s3_one_stale_profile_in_a_batch_costs_the_others_nothing(
        self, deployment: Deployment
    ) -> None:
        (host,), rival = deployment.hosts, deployment.rival()
        send(host, *(track("A", uid=f"u{n}") for n in range(10)))
        send(rival, track("B", uid="u4"), identify("u7", "c1"))
        assert send(host, *(track("C", uid=f"u{n}") for n in range(10))) == [APPLIED] * 10
        assert deployment.counted()["activities"] == 21
        assert visitor(host, "u4")["activities"] == {"A": 1, "B": 1, "C": 1}
        assert customer(host, "c1")["activities"] == {"A": 1, "C": 1}

    def test_s3_a_call_that_keeps_losing_gives_up_and_its_neighbours_do_not(
        self, host: ProfileHost, deployment: Deployment
    ) -> None:
        actual, first = SqliteBackend.write, Conflict("somebody else was first")
        alone = 0

        def lost(backend: SqliteBackend, write: Write) -> int:
            nonlocal alone
            if any(name == "unlucky" for _, name, _ in write.born):
                alone += len(write.born) == 1
                raise first
            return actual(backend, write)

        batch: list[AnyCommand] = [track(uid=f"u{n}") for n in range(6)]
        batch.insert(2, track(uid="unlucky"))
        with writing(lost):
            results = send(host, *batch)
        assert results == [APPLIED, APPLIED, UNAVAILABLE, APPLIED, APPLIED, APPLIED, APPLIED]
        assert alone == ATTEMPTS
        assert deployment.counted() == {"activities": 6, "visitors": 6}
        assert send(host, *batch) == [*[DUPLICATE] * 2, APPLIED, *[DUPLICATE] * 4]

    def test_a_read_sees_what_another_host_wrote(self, deployment: Deployment) -> None:
        (host,), rival = deployment.hosts, deployment.rival()
        send(host, track("A", uid="u1"), track("A", uid="u2", cid="c1"))
        send(rival, track("B", uid="u1"), track("B", uid="u2", cid="c1"))
        assert visitor(host, "u1")["activities"] == {"A": 1, "B": 1}
        assert customer(host, "c1")["activities"] == {"A": 1, "B": 1}
        send(rival, identify("u1", "c1"))
        assert host.read(Question("visitor", "u1")) == ("c1", None)


class TestLimits:
    def test_further_attributes_than_a_profile_may_have_are_refused(
        self, host: ProfileHost
    ) -> None:
        many: dict[str, Any] = {f"a{n}": n for n in range(2_000)}
        send(host, identify("u1", attributes=many))
        assert send(host, identify("u1", attributes={"a0": -1, "one": 1})) == [APPLIED]
        document = visitor(host, "u1")
        assert (len(document["attributes"]), document["attributes"]["a0"]) == (2_000, -1)
        assert [refusal["subject"] for refusal in document["refusals"]] == ["one"]

    def test_what_a_command_may_hold_travels_unharmed(self, host: ProfileHost) -> None:
        odd = {"emoji": "🙂", "nul": "\0", "deep": {"a": [{"b": None}]}, "big": 2**63}
        call = msgspec.structs.replace(identify("u'1\"", attributes=odd), received_at=-1)
        answer = unpack_reply(host.handle(pack_parcels([Parcel(call)])))
        assert answer.results == [APPLIED]
        assert visitor(host, "u'1\"")["attributes"] == odd

    def test_policies_of_the_deployment_are_followed(self, deployment: Deployment) -> None:
        assert deployment.store().policies == Policies()
