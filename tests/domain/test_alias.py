"""What used to be called one thing is the person called another (rule C7)."""

from domain.events import (
    AliasRefused,
    CustomerBorn,
    CustomerSeen,
    Folded,
    MergeRefused,
    VisitorBorn,
)
from tests.controls.calls import alias, device, identify, page, track
from tests.controls.events import merge_of
from tests.controls.times import day
from tests.controls.world import customer
from tests.given import given


def test_c7_a_known_uid_is_folded_as_by_an_identify_with_both() -> None:
    world = (
        given(page(uid="u1"))
        .when(alias("u1", "c1"))
        .then(CustomerBorn, Folded, merge_of("u1", "alias"), CustomerSeen)
    )
    assert world.document_of_customer("c1")["activity_count"] == 1


def test_c7_an_unknown_id_bears_a_visitor_that_is_folded_at_once() -> None:
    world = (
        given()
        .when(alias("u1", "c1"))
        .then(CustomerBorn, VisitorBorn, Folded, merge_of("u1", "alias"), CustomerSeen)
    )
    assert world.owners == {"u1": "c1"}


def test_c7_equal_ids_change_nothing() -> None:
    given().when(alias("c1", "c1")).then_nothing()
    given(track(cid="c1")).when(alias("c1", "c1")).then_nothing()


def test_c7_equal_ids_beside_a_uid_still_assert_the_pair() -> None:
    world = given(page(uid="u1")).world
    world.send(alias("c1", "c1", uid="u1"))
    assert world.owners == {"u1": "c1"}


def test_c7_a_customer_is_never_merged_into_another() -> None:
    both = given(track(cid="c1"), track(cid="c2"))
    world = both.when(alias("c1", "c2", at=day(3))).then(AliasRefused)
    (refusal,) = world.document_of_customer("c2")["refusals"]
    assert (refusal["code"], refusal["subject"]) == ("customers_never_merge", "c1")
    assert world.document_of_customer("c1")["refusals"] == []


def test_c7_that_refusal_is_recorded_once() -> None:
    refused = given(track(cid="c1"), track(cid="c2"), alias("c1", "c2"))
    refused.when(alias("c1", "c2")).then_nothing()


def test_c7_a_uid_that_another_customer_owns_is_refused_like_any_claim() -> None:
    world = (
        given(identify("u1", "c1"), track(cid="c2"))
        .when(alias("u1", "c2"))
        .then(MergeRefused, CustomerSeen)
    )
    assert world.owners == {"u1": "c1"}


def test_c7_the_uid_of_the_call_is_claimed_beside_the_previous_one() -> None:
    world = given(page(uid="u1"), page(uid="u2")).world
    world.send(alias("u1", "c1", uid="u2"))
    assert world.document_of_customer("c1")["uids"] == ["u1", "u2"]
    assert world.document_of_customer("c1")["activity_count"] == 2


def test_c7_an_alias_ties_earlier_visitors_by_link_keys_as_an_identify_does() -> None:
    sofa = (device("sofa"),)
    world = given(page(uid="u1", links=sofa, at=day(1))).world
    world.send(page(uid="u2", links=sofa, at=day(2)))
    world.send(alias("u2", "c1", at=day(7)))
    assert world.document_of_customer("c1")["uids"] == ["u1", "u2"]


def test_c7_a_repeated_alias_says_nothing_new() -> None:
    given(alias("u1", "c1")).when(alias("u1", "c1")).then_nothing()


def test_c7_an_alias_identifies_the_customer_on_its_day() -> None:
    world = given(page(uid="u1"), alias("u1", "c1", at=day(4))).world
    assert world.document_of_customer("c1")["last_identified_on"] == "2024-01-04"
    assert world.replayed(customer("c1")) == world.profile(customer("c1"))


def test_f4_a_repeated_alias_changes_nothing_even_when_its_previous_id_became_a_uid() -> None:
    again = alias("c1", "c2")
    world = given(track(cid="c1"), track(cid="c2"), alias("c1", "c2"), again).world
    world.send(page(uid="c1"))
    assert world.owners == {}
    world.send(again)
    assert world.owners == {}
