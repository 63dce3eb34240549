"""Several customers and several link keys: who has the visitor (rule M3)."""

from itertools import permutations

import pytest

from domain.identifiers import Cid, Uid
from tests.controls.calls import device, identify, page
from tests.controls.times import day
from tests.controls.world import World
from tests.given import given

ANA, BEN = Cid("ana"), Cid("ben")
SOFA = (device("sofa"),)
PLAN = {"plan": "pro"}


def two_customers_on_one_sofa() -> World:
    """Ana identified on days 2 and 6, Ben on days 4 and 8, on the same device."""
    return given(
        identify("ua", "ana", links=SOFA, at=day(2)),
        identify("ub", "ben", links=SOFA, at=day(4)),
        identify("ua", "ana", links=SOFA, at=day(6)),
        identify("ub", "ben", links=SOFA, at=day(8)),
    ).world


@pytest.mark.parametrize(
    ("first", "owner"), [(1, ANA), (2, BEN), (3, BEN), (4, ANA), (5, ANA), (7, BEN), (8, None)]
)
def test_m3_the_earliest_identify_that_follows_the_activity_has_the_visitor(
    first: int, owner: Cid | None
) -> None:
    world = two_customers_on_one_sofa()
    world.send(page(uid="u1", links=SOFA, at=day(first)))
    assert world.owner(Uid("u1")) == owner


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_m3_the_earliest_identify_has_it_in_whatever_order_the_identifies_came(
    order: tuple[int, ...],
) -> None:
    identifies = (
        identify("ua", "ana", links=SOFA, at=day(2), attributes=PLAN),
        identify("ub", "ben", links=SOFA, at=day(4), attributes=PLAN),
        identify("ua", "ana", links=SOFA, at=day(6), attributes=PLAN),
    )
    for first, owner in [(1, ANA), (3, BEN), (5, ANA)]:
        world = given(*(identifies[n] for n in order)).world
        world.send(page(uid="u1", links=SOFA, at=day(first)))
        assert world.owner(Uid("u1")) == owner


def test_m3_over_several_link_keys_the_earliest_identify_has_the_visitor() -> None:
    world = given(
        identify("ua", "ana", links=(device("attic"),), at=day(5)),
        identify("ub", "ben", links=SOFA, at=day(3)),
    ).world
    world.send(page(uid="u1", links=(device("attic"), device("sofa")), at=day(1)))
    assert world.owner(Uid("u1")) == BEN


def test_m3_an_earlier_identify_without_attributes_that_arrives_later_has_the_visitor() -> None:
    world = given(
        identify("ua", "ana", links=SOFA, at=day(6)),
        identify("ua", "ana", links=SOFA, at=day(2)),
        identify("ub", "ben", links=SOFA, at=day(4)),
    ).world
    world.send(page(uid="u1", links=SOFA, at=day(1)))
    assert world.owner(Uid("u1")) == ANA


def test_m3_an_identify_between_two_others_of_its_customer_has_the_visitor() -> None:
    world = given(
        identify("ua", "ana", links=SOFA, at=day(1)),
        identify("ua", "ana", links=SOFA, at=day(9)),
        identify("ua", "ana", links=SOFA, at=day(4), attributes=PLAN),
        identify("ub", "ben", links=SOFA, at=day(5)),
    ).world
    world.send(page(uid="u1", links=SOFA, at=day(3)))
    assert world.owner(Uid("u1")) == ANA


def test_m3_over_several_link_keys_the_true_time_of_each_identify_decides() -> None:
    world = given(
        identify("ua", "ana", links=(device("attic"),), at=day(1)),
        identify("ua", "ana", links=(device("attic"),), at=day(9)),
        identify("ub", "ben", links=SOFA, at=day(5)),
    ).world
    world.send(page(uid="u1", links=(device("attic"), device("sofa")), at=day(3)))
    assert world.owner(Uid("u1")) == BEN
