"""Where a profile lives never changes by itself (design D1)."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.slots import (
    SLOTS,
    customer_key,
    host_name,
    journal_key,
    slot_of,
    visitor_key,
)
from tests.store.effort import MANY

PINNED = {
    customer_key("c1"): 1001,
    visitor_key("u1"): 637,
    journal_key("web"): 375,
    visitor_key("ärö"): 618,
    customer_key("x" * 255): 132,
}


@pytest.mark.parametrize(("key", "slot"), PINNED.items())
def test_d1_a_slot_is_the_same_for_ever(key: str, slot: int) -> None:
    assert slot_of(key) == slot


def test_d1_kinds_of_profiles_are_routed_apart() -> None:
    assert len({customer_key("x"), visitor_key("x"), journal_key("x")}) == 3


@MANY
@given(st.text())
def test_d1_every_key_has_a_slot(key: str) -> None:
    assert 0 <= slot_of(key) < SLOTS


def test_d1_ids_spread_evenly_over_slots() -> None:
    counted = Counter(slot_of(visitor_key(f"user-{number}")) for number in range(102_400))
    assert len(counted) == SLOTS
    assert max(counted.values()) < 200


def test_a_host_is_named_by_its_number() -> None:
    assert [host_name(0), host_name(12)] == ["host-0", "host-12"]
