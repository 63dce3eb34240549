"""What every backend guarantees: the prose of `store.backend.Backend`, clause by clause."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any, TypeVar
from uuid import UUID

import msgspec
import pytest
from eventsourcing.persistence import StoredEvent

from store.backend import Backend, Entry, Lease, Snapshot, Write
from store.errors import Conflict, Fenced, StoreUnavailable
from tests.contracts.databases import Database

T = TypeVar("T")

ANA, BEN, CLEO = (UUID(int=number) for number in (1, 2, 3))


def event(profile_id: UUID, version: int, state: bytes = b"state") -> StoredEvent:
    return StoredEvent(profile_id, version, "tracked.1", state)


def events(profile_id: UUID, *versions: int) -> list[StoredEvent]:
    return [event(profile_id, version) for version in versions]


def lease_of(backend: Backend, name: str = "host-0") -> Lease:
    return backend.take_lease(name, "a test")


def all_of_ana(lease: Lease) -> Write:
    """Something in every table."""
    return Write(
        lease,
        events=events(ANA, 1, 2),
        born=[("uid", "u1", ANA)],
        keys=[(ANA, b"wrapped")],
        owners=[("u1", "c1")],
        books=[("device:a", 0, b"book")],
        snapshots=[(ANA, Snapshot(2, b"sealed"))],
        tallies={"activities": 2},
    )


def contents(backend: Backend, *profile_ids: UUID) -> dict[str, Any]:
    """Everything a reader can find out about some profiles, and the counters."""
    return {
        "position": backend.position(),
        "streams": {profile_id: backend.stream(profile_id) for profile_id in profile_ids},
        "keys": {profile_id: backend.key(profile_id) for profile_id in profile_ids},
        "snapshots": {profile_id: backend.snapshot(profile_id) for profile_id in profile_ids},
        "directory": {
            kind: backend.find(kind, ["u1", "u2", "c1", "c2"]) for kind in ("uid", "cid")
        },
        "books": backend.books(["device:a", "device:b"]),
        "tallies": backend.tallies(),
    }


def at_once(*actions: Callable[[], T]) -> list[T | Exception]:
    """Do things in the same moment, each on a thread of its own."""
    barrier = Barrier(len(actions))

    def run(action: Callable[[], T]) -> T | Exception:
        barrier.wait()
        try:
            return action()
        except Exception as error:  # noqa: BLE001 - the test says which it expects
            return error

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions))


class TestReading:
    """Reads see every committed write."""

    def test_a_write_is_there_as_a_whole(self, backend: Backend) -> None:
        position = backend.write(all_of_ana(lease_of(backend)))
        assert contents(backend, ANA) == {
            "position": position,
            "streams": {ANA: events(ANA, 1, 2)},
            "keys": {ANA: b"wrapped"},
            "snapshots": {ANA: Snapshot(2, b"sealed")},
            "directory": {"uid": {"u1": Entry(ANA, "c1")}, "cid": {}},
            "books": {"device:a": (1, b"book")},
            "tallies": {"activities": 2},
        }

    def test_another_connection_sees_it_at_once(self, database: Database) -> None:
        writer, reader = database.open(), database.open()
        lease = lease_of(writer)
        assert reader.stream(ANA) == []
        writer.write(all_of_ana(lease))
        assert contents(reader, ANA) == contents(writer, ANA)

    def test_what_was_never_written_is_not_there(self, backend: Backend) -> None:
        assert contents(backend, ANA) == {
            "position": 0,
            "streams": {ANA: []},
            "keys": {ANA: None},
            "snapshots": {ANA: None},
            "directory": {"uid": {}, "cid": {}},
            "books": {},
            "tallies": {},
        }
        assert backend.version(ANA) == 0
        assert backend.positioned([ANA]) == []

    def test_a_stream_is_read_in_order_behind_a_version(self, backend: Backend) -> None:
        lease = lease_of(backend)
        backend.write(Write(lease, events=[event(ANA, v, b"%d" % v) for v in range(1, 30)]))
        assert backend.version(ANA) == 29
        assert [e.state for e in backend.stream(ANA)] == [b"%d" % v for v in range(1, 30)]
        assert [e.originator_version for e in backend.stream(ANA, after=27)] == [28, 29]
        assert backend.stream(ANA, after=29) == []

    def test_versions_of_many_streams_are_read_at_once(self, backend: Backend) -> None:
        backend.write(Write(lease_of(backend), events=[*events(ANA, 1, 2, 3), *events(BEN, 1)]))
        assert backend.versions([ANA, BEN, CLEO]) == {ANA: 3, BEN: 1}
        assert backend.versions([]) == {}

    def test_streams_are_read_together_in_the_order_of_positions(self, backend: Backend) -> None:
        lease = lease_of(backend)
        for version in (1, 2):
            for profile_id in (CLEO, ANA, BEN):
                backend.write(Write(lease, events=events(profile_id, version)))
        found = backend.positioned([ANA, CLEO])
        assert [(e.originator_id, e.originator_version) for _, e in found] == [
            (CLEO, 1),
            (ANA, 1),
            (CLEO, 2),
            (ANA, 2),
        ]
        assert [position for position, _ in found] == [1, 2, 4, 5]

    def test_thousands_are_looked_up_at_once(self, backend: Backend) -> None:
        ids = {f"u{number}": UUID(int=number) for number in range(1, 3_001)}
        links = [f"device:{uid}" for uid in ids]
        backend.write(
            Write(
                lease_of(backend),
                events=[event(profile_id, 1) for profile_id in ids.values()],
                born=[("uid", uid, profile_id) for uid, profile_id in ids.items()],
                books=[(link, 0, link.encode()) for link in links],
            )
        )
        asked = [name for uid in ids for name in (uid, f"un{uid}")]
        assert backend.find("uid", asked) == {uid: Entry(id_) for uid, id_ in ids.items()}
        assert backend.books([*links, "device:none"]) == {
            link: (1, link.encode()) for link in links
        }
        assert [p for p, _ in backend.positioned(ids.values())] == list(range(1, 3_001))

    def test_ids_may_hold_any_text(self, backend: Backend) -> None:
        ids = ["O'Hara", '"; DROP TABLE events', "x" * 255, "ärö 日本 🙂", "%", "a b"]
        rows = [("uid", uid, UUID(int=number)) for number, uid in enumerate(ids, 1)]
        backend.write(Write(lease_of(backend), born=rows))
        assert set(backend.find("uid", ids)) == set(ids)

    def test_only_folded_visitors_have_owners(self, backend: Backend) -> None:
        born = [("uid", "u1", ANA), ("uid", "u2", BEN), ("cid", "u3", UUID(int=3))]
        backend.write(Write(lease_of(backend), born=born, owners=[("u1", "c1")]))
        assert backend.owners(["u1", "u2", "u3", "u4"]) == {"u1": "c1"}
        assert backend.owners([]) == {}

    def test_a_later_snapshot_takes_the_place_of_an_earlier_one(self, backend: Backend) -> None:
        lease = lease_of(backend)
        for version in (1, 2):
            snapshot = Snapshot(version, b"state %d" % version)
            backend.write(Write(lease, snapshots=[(ANA, snapshot)]))
        assert backend.snapshot(ANA) == Snapshot(2, b"state 2")

    def test_a_value_of_the_deployment_is_kept_and_replaced(self, database: Database) -> None:
        writer, reader = database.open(), database.open()
        assert reader.get("salt") is None
        writer.put("salt", b"one")
        writer.put("pepper", b"")
        writer.put("salt", b"two")
        assert (reader.get("salt"), reader.get("pepper")) == (b"two", b"")

    def test_a_value_is_swapped_only_while_it_is_the_one_that_was_read(
        self, backend: Backend
    ) -> None:
        assert not backend.swap("salt", b"zero", b"one")
        assert backend.swap("salt", None, b"one")
        assert not backend.swap("salt", None, b"two")
        assert not backend.swap("salt", b"zero", b"two")
        assert backend.get("salt") == b"one"
        assert backend.swap("salt", b"one", b"two")
        assert backend.get("salt") == b"two"

    @pytest.mark.parametrize("old", [None, b"zero"])
    def test_of_many_who_swap_a_value_at_once_one_does(
        self, database: Database, old: bytes | None
    ) -> None:
        backends = [database.open() for _ in range(4)]
        if old is not None:
            backends[0].put("salt", old)
        swapped = at_once(*(lambda b=b: b.swap("salt", old, b"one") for b in backends))
        assert sorted(map(str, swapped)) == ["False", "False", "False", "True"]

    def test_what_was_written_outlives_every_connection(self, database: Database) -> None:
        first = database.open()
        first.write(all_of_ana(lease_of(first)))
        before = contents(first, ANA)
        first.close()
        assert contents(database.open(), ANA) == before


class TestAtomicWrites:
    """A write that is refused leaves nothing, in any table (rules S2, S3 and M4)."""

    CONFLICTS: tuple[tuple[str, Callable[[Write], Write]], ...] = (
        ("a version", lambda w: replace(w, events=[*w.events, event(ANA, 2)])),
        ("a version twice", lambda w: replace(w, events=[*w.events, event(BEN, 1)])),
        ("a uid", lambda w: replace(w, born=[*w.born, ("uid", "u1", CLEO)])),
        ("a key", lambda w: replace(w, keys=[*w.keys, (ANA, b"other")])),
        ("a new book", lambda w: replace(w, books=[*w.books, ("device:a", 0, b"theirs")])),
        ("a book", lambda w: replace(w, books=[*w.books, ("device:a", 7, b"theirs")])),
        ("a book never made", lambda w: replace(w, books=[("device:c", 1, b"theirs")])),
    )

    @pytest.mark.parametrize(
        "spoil", [spoil for _, spoil in CONFLICTS], ids=[name for name, _ in CONFLICTS]
    )
    def test_s3_who_comes_second_leaves_nothing(
        self, backend: Backend, spoil: Callable[[Write], Write]
    ) -> None:
        lease = lease_of(backend)
        backend.write(all_of_ana(lease))
        before = contents(backend, ANA, BEN, CLEO)
        with pytest.raises(Conflict):
            backend.write(spoil(all_of_ben(lease)))
        assert contents(backend, ANA, BEN, CLEO) == before
        backend.write(all_of_ben(lease))
        assert backend.version(BEN) == 1

    def test_a_write_that_nobody_can_refuse_says_so_once(self, backend: Backend) -> None:
        told: list[int] = []
        lease = lease_of(backend)
        first = replace(all_of_ana(lease), accepted=lambda: told.append(1))
        backend.write(first)
        assert told == [1]
        with pytest.raises(Conflict):
            backend.write(first)
        lease_of(backend)
        with pytest.raises(Fenced):
            backend.write(replace(all_of_ben(lease), accepted=lambda: told.append(2)))
        assert told == [1]

    def test_s2_a_uid_and_a_cid_may_read_the_same(self, backend: Backend) -> None:
        born = [("uid", "same", ANA), ("cid", "same", BEN)]
        backend.write(Write(lease_of(backend), born=born))
        assert backend.find("uid", ["same"]) == {"same": Entry(ANA)}
        assert backend.find("cid", ["same"]) == {"same": Entry(BEN)}

    def test_s2_no_cid_is_born_twice(self, database: Database) -> None:
        left, right = database.open(), database.open()
        left.write(Write(lease_of(left), born=[("cid", "c1", ANA)]))
        with pytest.raises(Conflict):
            right.write(Write(lease_of(right, "host-1"), born=[("cid", "c1", BEN)]))
        assert left.find("cid", ["c1"]) == {"c1": Entry(ANA)}

    def test_s3_a_book_is_written_at_the_version_it_was_read_at(self, database: Database) -> None:
        left, right = database.open(), database.open()
        mine, theirs = lease_of(left), lease_of(right, "host-1")
        left.write(Write(mine, books=[("device:a", 0, b"one")]))
        right.write(Write(theirs, books=[("device:a", 1, b"two")]))
        with pytest.raises(Conflict):
            left.write(Write(mine, books=[("device:a", 1, b"mine")]))
        left.write(Write(mine, books=[("device:a", 2, b"three")]))
        assert right.books(["device:a"]) == {"device:a": (3, b"three")}

    def test_an_owner_reaches_a_row_born_in_the_same_write(self, backend: Backend) -> None:
        write = Write(lease_of(backend), born=[("uid", "u1", ANA)], owners=[("u1", "c1")])
        backend.write(write)
        assert backend.find("uid", ["u1"]) == {"u1": Entry(ANA, "c1")}

    def test_an_owner_is_of_a_uid_only(self, backend: Backend) -> None:
        lease = lease_of(backend)
        backend.write(Write(lease, born=[("uid", "same", ANA), ("cid", "same", BEN)]))
        backend.write(Write(lease, owners=[("same", "c1")]))
        assert backend.find("cid", ["same"]) == {"same": Entry(BEN)}


class TestLeases:
    """Whoever takes a lease fences those before (decision D6)."""

    def test_d6_each_holder_has_a_higher_epoch(self, backend: Backend) -> None:
        assert [lease_of(backend).epoch for _ in range(3)] == [1, 2, 3]
        assert lease_of(backend, "host-1").epoch == 1

    def test_d6_an_earlier_holder_writes_nothing(self, database: Database) -> None:
        old, new = database.open(), database.open()
        stale = lease_of(old)
        current = lease_of(new)
        with pytest.raises(Fenced) as caught:
            old.write(all_of_ana(stale))
        assert (caught.value.epoch, caught.value.current) == (1, 2)
        assert new.position() == 0
        assert new.find("uid", ["u1"]) == {}
        new.write(all_of_ana(current))
        assert old.version(ANA) == 2

    def test_d6_a_fenced_write_without_events_is_refused_too(self, backend: Backend) -> None:
        stale = lease_of(backend)
        lease_of(backend)
        with pytest.raises(Fenced):
            backend.write(Write(stale, tallies={"duplicates": 1}))
        assert backend.tallies() == {}

    def test_d6_a_lease_never_taken_is_no_lease(self, backend: Backend) -> None:
        with pytest.raises(Fenced):
            backend.write(Write(Lease("host-9", 1), events=events(ANA, 1)))

    def test_d6_hosts_do_not_fence_each_other(self, backend: Backend) -> None:
        first, second = lease_of(backend, "host-0"), lease_of(backend, "host-1")
        backend.write(Write(first, events=events(ANA, 1)))
        backend.write(Write(second, events=events(ANA, 2)))
        assert backend.version(ANA) == 2

    def test_d6_of_many_who_take_it_at_once_none_shares_an_epoch(self, database: Database) -> None:
        backends = [database.open() for _ in range(4)]
        taken = at_once(*(lambda b=b: lease_of(b).epoch for b in backends))
        assert sorted(map(str, taken)) == ["1", "2", "3", "4"]


class TestPositions:
    """Positions follow the order of commits and are never reused (decision D4)."""

    def test_d4_a_write_answers_the_position_of_its_last_event(self, backend: Backend) -> None:
        lease = lease_of(backend)
        assert backend.write(Write(lease, events=events(ANA, 1, 2, 3))) == 3
        assert backend.write(Write(lease, events=events(BEN, 1))) == 4
        assert backend.position() == 4

    def test_d4_a_write_without_events_answers_where_the_log_is(self, database: Database) -> None:
        left, right = database.open(), database.open()
        mine = lease_of(left)
        assert left.write(Write(mine)) == 0
        right.write(Write(lease_of(right, "host-1"), events=events(ANA, 1, 2)))
        assert left.write(Write(mine, tallies={"duplicates": 1})) == 2

    def test_d4_a_position_is_never_given_twice(self, database: Database) -> None:
        backend = database.open()
        lease = lease_of(backend)
        backend.write(Write(lease, events=events(ANA, 1, 2, 3)))
        database.drop_newest(2)
        assert backend.write(Write(lease, events=events(BEN, 1))) == 4
        assert [position for position, _ in backend.positioned([ANA, BEN])] == [1, 4]

    def test_d4_a_refused_write_uses_up_no_order(self, backend: Backend) -> None:
        lease = lease_of(backend)
        backend.write(Write(lease, events=events(ANA, 1)))
        with pytest.raises(Conflict):
            backend.write(Write(lease, events=[*events(BEN, 1, 2), event(ANA, 1)]))
        assert backend.write(Write(lease, events=events(CLEO, 1))) > 1

    def test_d4_writers_at_once_get_positions_in_the_order_of_their_commits(
        self, database: Database
    ) -> None:
        def writer(number: int) -> Callable[[], list[int]]:
            backend = database.open()
            lease = lease_of(backend, f"host-{number}")
            mine = [UUID(int=number * 1_000 + i) for i in range(1, 31)]
            return lambda: [
                backend.write(Write(lease, events=events(one, 1, 2), tallies={"activities": 2}))
                for one in mine
            ]

        given = at_once(*(writer(number) for number in range(4)))
        positions = [p for some in given if isinstance(some, list) for p in some]
        assert sorted(positions) == list(range(2, 241, 2))
        assert all(some == sorted(some) for some in given if isinstance(some, list))
        assert database.open().tallies() == {"activities": 240}


class TestTallies:
    """Counters are kept a host and added up."""

    def test_tallies_add_up_over_writes_and_hosts(self, backend: Backend) -> None:
        first, second = lease_of(backend, "host-0"), lease_of(backend, "host-1")
        backend.write(Write(first, tallies={"visitors": 3, "activities": 5}))
        backend.write(Write(second, tallies={"visitors": -2, "folds": 2, "refusals": 0}))
        backend.write(Write(first, tallies={"activities": 1}))
        assert backend.tallies() == {"visitors": 1, "activities": 6, "folds": 2}

    def test_tallies_of_one_name_stay_when_its_lease_moves_on(self, backend: Backend) -> None:
        for _ in range(2):
            backend.write(Write(lease_of(backend), tallies={"activities": 1}))
        assert backend.tallies() == {"activities": 2}


class TestRaces:
    """Two hosts that write the same in one moment: one wins, the other is told (rule S3)."""

    @pytest.mark.parametrize(
        "wanted",
        [
            lambda number: Write(Lease("", 0), events=events(ANA, number)),
            lambda number: Write(Lease("", 0), born=[("uid", f"u{number}", ANA)]),
            lambda number: Write(Lease("", 0), books=[("device:a", number - 1, b"book")]),
        ],
        ids=["a version", "a uid", "a book"],
    )
    def test_s3_exactly_one_wins(self, database: Database, wanted: Callable[[int], Write]) -> None:
        hosts = [
            (b, lease_of(b, f"host-{i}")) for i, b in enumerate([database.open() for _ in "ab"])
        ]
        for number in range(1, 21):
            write = replace(wanted(number), tallies={"wins": 1})
            done = at_once(*(partial(b.write, replace(write, lease=lease)) for b, lease in hosts))
            assert Counter(map(type, done)) == {int: 1, Conflict: 1}
        assert hosts[0][0].tallies() == {"wins": 20}


class TestUnavailable:
    """A database that takes nothing says so, keeps nothing, and is well again afterwards."""

    def test_a_full_database_stores_nothing_and_recovers(self, database: Database) -> None:
        backend = database.open()
        lease = lease_of(backend)
        backend.write(all_of_ana(lease))
        before = contents(backend, ANA, BEN)
        with database.full(), pytest.raises(StoreUnavailable):
            backend.write(all_of_ben(lease))
        assert contents(backend, ANA, BEN) == before
        assert contents(database.open(), ANA, BEN) == before
        backend.write(all_of_ben(lease))
        assert contents(backend, ANA, BEN)["tallies"] == {"activities": 3}

    def test_a_full_database_hands_out_no_lease(self, database: Database) -> None:
        backend = database.open()
        lease = lease_of(backend)
        with database.full(), pytest.raises(StoreUnavailable):
            lease_of(backend)
        backend.write(Write(lease, events=events(ANA, 1)))
        assert backend.version(ANA) == 1


def all_of_ben(lease: Lease) -> Write:
    """Something in every table that nobody else has."""
    return Write(
        lease,
        events=events(BEN, 1),
        born=[("uid", "u2", BEN), ("cid", "c2", CLEO)],
        keys=[(BEN, b"wrapped")],
        owners=[("u2", "c2")],
        books=[("device:b", 0, b"book")],
        snapshots=[(BEN, Snapshot(1, b"sealed"))],
        tallies={"activities": 1},
    )


def replace(
    write: Write, **changes: Lease | Sequence[object] | dict[str, int] | Callable[[], object]
) -> Write:
    return msgspec.structs.replace(write, **changes)
