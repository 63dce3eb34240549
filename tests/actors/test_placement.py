"""Slots move only from who has too many to who has too few."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.placement import Placement, initial, moves, spread, towards
from actors.slots import SLOTS, customer_key, slot_of, visitor_key
from tests.store.effort import MANY

NAMES = [f"host-{number}" for number in range(12)]
SOME = st.lists(st.sampled_from(NAMES), min_size=1, unique=True)


def owners(placement: Placement) -> list[str]:
    return [placement.hosts[place] for place in placement.owners]


def moved(before: Placement, after: Placement) -> int:
    return sum(is_now != was for was, is_now in zip(owners(before), owners(after), strict=True))


def fewest(before: Placement, hosts: list[str]) -> int:
    """Count what must move at least: all of those who leave, and what is above an even share."""
    have = before.counts()
    fair, odd = divmod(SLOTS, len(hosts))
    sizes = sorted((have.get(name, 0) for name in hosts), reverse=True)
    stay = sum(min(size, fair + (place < odd)) for place, size in enumerate(sizes))
    return SLOTS - stay


@pytest.mark.parametrize("hosts", [1, 2, 3, 7, 12])
def test_d1_at_first_every_host_has_one_run_of_slots(hosts: int) -> None:
    placement = initial(NAMES[:hosts])
    assert owners(placement) == sorted(owners(placement), key=NAMES.index)
    assert set(placement.hosts) == set(NAMES[:hosts])
    expect_even(placement, NAMES[:hosts])


@MANY
@given(st.text(), SOME)
def test_d1_every_key_has_an_owner_and_its_slot_decides(key: str, hosts: list[str]) -> None:
    placement = initial(hosts)
    assert placement.owner(key) == owners(placement)[slot_of(key)]


@MANY
@given(st.lists(SOME, min_size=2, max_size=6))
def test_every_slot_is_owned_once_evenly_and_as_few_as_can_be_move(steps: list[list[str]]) -> None:
    """However often hosts come and go."""
    placement = initial(steps[0])
    for hosts in steps[1:]:
        after = spread(placement, hosts)
        expect_even(after, hosts)
        assert moved(placement, after) == fewest(placement, hosts)
        assert after.version == placement.version + (after != placement)
        placement = after


@MANY
@given(SOME, SOME, st.integers(1, SLOTS))
def test_a_move_in_groups_arrives_where_one_move_does(
    hosts: list[str], then: list[str], limit: int
) -> None:
    placement = initial(hosts)
    target = spread(placement, then)
    steps = 0
    while owners(placement) != owners(target):
        after = towards(placement, target, limit)
        assert 0 < moved(placement, after) <= limit
        assert after.version == placement.version + 1
        placement = after
        steps += 1
    assert steps == -(-moved(initial(hosts), target) // limit)
    assert towards(placement, target, limit) is placement


def test_a_replaced_host_hands_all_it_has_to_its_successor() -> None:
    before = initial(["a", "b", "c", "d"])
    after = spread(before, ["b", "c", "d", "new"])
    assert moves(before, after) == {"new": {"a"}}


def test_moves_tell_who_gets_slots_from_whom() -> None:
    before = initial(["a", "b"])
    assert moves(before, before) == {}
    assert moves(before, spread(before, ["a", "b", "c"])) == {"c": {"a", "b"}}


def test_ids_spread_evenly_over_hosts() -> None:
    placement = initial(NAMES[:7])
    counted = Counter(placement.owner(customer_key(f"c{number}")) for number in range(20_000))
    fair = 20_000 / 7
    assert set(counted) == set(NAMES[:7])
    assert all(0.9 * fair < count < 1.1 * fair for count in counted.values())
    assert placement.owner(visitor_key("u1")) != placement.owner(customer_key("c1"))


def expect_even(placement: Placement, hosts: list[str]) -> None:
    assert len(placement.owners) == SLOTS
    counts = placement.counts()
    assert set(counts) == set(hosts)
    assert max(counts.values()) - min(counts.values()) <= 1
