"""Once more the same person (rule M8)."""

import pytest

from domain.events import AttributesSet, CustomerBorn, CustomerSeen, Merged
from domain.identifiers import LinkKey
from tests.controls.calls import device, identify, page, track
from tests.controls.times import day
from tests.controls.world import customer
from tests.given import given

PLAN = {"plan": "pro"}


def test_m8_the_same_pair_again_is_no_second_merge_and_its_attributes_are_recorded() -> None:
    given(identify("u1", "c1", attributes=PLAN, at=day(2))).when(
        identify("u1", "c1", attributes=PLAN, at=day(2)),
        identify("u1", "c1", attributes={"plan": "free"}, at=day(1)),
    ).then(AttributesSet, AttributesSet)


def test_m8_a_write_that_loses_is_recorded_and_still_loses() -> None:
    world = given(
        identify(cid="c1", attributes=PLAN, at=day(2)),
        identify(cid="c1", attributes={"plan": "free"}, at=day(1)),
    ).world
    assert world.document_of_customer("c1")["attributes"] == PLAN
    assert len(world.events(customer("c1"))) == 3


def test_m8_without_attributes_it_is_seen_once_per_later_day() -> None:
    seen = given(identify(cid="c1", at=day(2)))
    seen.when(identify(cid="c1", at=day(2, hour=9))).then_nothing()
    seen.when(identify(cid="c1", at=day(3))).then(CustomerSeen)
    seen.when(identify(cid="c1", at=day(3, hour=9))).then_nothing()
    seen.when(identify(cid="c1", at=day(2, hour=10))).then_nothing()
    assert seen.world.document_of_customer("c1")["last_identified_on"] == "2024-01-03"


@pytest.mark.parametrize("links", [(), (device("sofa"),)], ids=["no link key", "a link key"])
def test_m8_the_same_pair_is_seen_once_per_later_day(links: tuple[LinkKey, ...]) -> None:
    seen = given(identify("u1", "c1", links=links, at=day(2)))
    seen.when(identify("u1", "c1", links=links, at=day(2, hour=9))).then_nothing()
    seen.when(identify("u1", "c1", links=links, at=day(3))).then(CustomerSeen)
    seen.when(identify("u1", "c1", links=links, at=day(2, hour=10))).then_nothing()


def test_m8_one_day_is_seen_once_whatever_the_uid() -> None:
    world = given(identify("u1", "c1", at=day(2))).when(identify("u2", "c1", at=day(2))).world
    facts = [type(event) for event in world.events(customer("c1"))]
    assert facts == [CustomerBorn, Merged, CustomerSeen, Merged]


def test_m8_attributes_on_a_day_make_another_seen_of_that_day_needless() -> None:
    given(identify(cid="c1", attributes=PLAN, at=day(2))).when(
        identify(cid="c1", at=day(2, hour=9))
    ).then_nothing()


def test_m8_an_older_identify_does_not_move_the_day_back() -> None:
    world = given(
        identify(cid="c1", at=day(5)),
        identify(cid="c1", attributes=PLAN, at=day(3)),
    ).world
    assert world.document_of_customer("c1")["last_identified_on"] == "2024-01-05"


def test_m8_only_identifying_counts_for_the_day_not_an_activity_with_both_ids() -> None:
    world = given(identify("u1", "c1", at=day(2)), track(uid="u1", cid="c1", at=day(5))).world
    assert world.document_of_customer("c1")["last_identified_on"] == "2024-01-02"


def test_m8_first_and_last_seen_come_from_activities_alone() -> None:
    world = given(identify("u1", "c1", attributes=PLAN, at=day(1))).world
    shown = world.document_of_customer("c1")
    assert (shown["first_seen"], shown["last_seen"]) == (None, None)
    world.send(page(uid="u1", at=day(2)), identify("u1", "c1", at=day(3)))
    shown = world.document_of_customer("c1")
    assert shown["first_seen"] == shown["last_seen"] == "2024-01-02T00:00:00.000000Z"
