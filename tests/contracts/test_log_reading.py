"""The log as projections read it: pages by position, slices by stream, keys of many."""

from itertools import pairwise
from uuid import UUID

from eventsourcing.persistence import StoredEvent

from store.backend import Backend, LogRow, Write

ANA, BEN, CLEO = (UUID(int=number) for number in (1, 2, 3))
BEGIN = (UUID(int=0), 0)


def written(backend: Backend) -> int:
    """Write three streams, interleaved; gives the position of the log."""
    lease = backend.take_lease("host-0", "a test")
    keys = [(who, b"key of %d" % who.int) for who in (ANA, BEN, CLEO)]
    backend.write(Write(lease, keys=keys))
    for version in (1, 2, 3):
        events = [StoredEvent(who, version, "tracked.1", b"state") for who in (BEN, ANA, CLEO)]
        position = backend.write(Write(lease, events=events))
    return position


def places(rows: list[LogRow]) -> list[tuple[int, int]]:
    return [(UUID(bytes=bytes(stream)).int, version) for _, stream, version, _, _ in rows]


def test_pages_are_in_the_order_of_positions_and_go_on_where_the_last_one_ended(
    backend: Backend,
) -> None:
    last = written(backend)
    rows, page = [], backend.page(0, 4)
    while page:
        rows += page
        page = backend.page(page[-1][0], 4)
    assert places(rows) == [(who, version) for version in (1, 2, 3) for who in (2, 1, 3)]
    assert all(before[0] < after[0] for before, after in pairwise(rows))
    assert rows[-1][0] == last
    assert {(topic, bytes(state)) for *_, topic, state in rows} == {("tracked.1", b"state")}


def test_slices_are_whole_streams_one_after_the_other(backend: Backend) -> None:
    last = written(backend)
    rows = backend.slice(BEGIN, CLEO, last, 100)
    assert places(rows) == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3)]
    assert places(backend.slice((BEN, 2), None, last, 100)) == [(2, 3), (3, 1), (3, 2), (3, 3)]
    assert places(backend.slice(BEGIN, None, last, 2)) == [(1, 1), (1, 2)]


def test_a_slice_ends_at_a_position_of_the_log(backend: Backend) -> None:
    written(backend)
    sixth = backend.page(0, 6)[-1][0]
    assert places(backend.slice(BEGIN, None, sixth, 100)) == [
        (who, version) for who in (1, 2, 3) for version in (1, 2)
    ]


def test_bounds_are_the_first_streams_of_equal_runs(backend: Backend) -> None:
    written(backend)
    assert backend.bounds(2) == [ANA, CLEO]
    assert backend.bounds(100) == [ANA]


def test_the_keys_of_many_streams_come_at_once_and_missing_ones_are_left_out(
    backend: Backend,
) -> None:
    written(backend)
    found = backend.keys([ANA, CLEO, UUID(int=9)])
    assert {who: bytes(key) for who, key in found.items()} == {
        ANA: b"key of 1",
        CLEO: b"key of 3",
    }


def test_a_stream_is_read_up_to_a_version(backend: Backend) -> None:
    written(backend)
    assert [event.originator_version for event in backend.stream(ANA, 1, 2)] == [2]
