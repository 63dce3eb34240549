"""Whose call it is, and what identifying means (rules C3-C6, C8, M1, M2, M6, M7)."""

import pytest

from domain import Outcome, Target, resolve
from domain.commands import Call
from domain.events import (
    ActivityTracked,
    AttributesSet,
    CustomerBorn,
    CustomerSeen,
    Folded,
    Merged,
    MergeRefused,
    VisitorBorn,
)
from domain.identifiers import Cid
from tests.controls.calls import device, group, identify, page, track
from tests.controls.events import merge_of
from tests.controls.times import day
from tests.controls.world import World, customer, visitor
from tests.given import Given, given

PLAN = {"plan": "pro"}


# A UID only (C3).


def test_c3_an_unknown_uid_bears_a_visitor() -> None:
    world = given().when(page(uid="u1")).then(VisitorBorn, ActivityTracked)
    assert world.profile(visitor("u1")).uid == "u1"


def test_c3_a_known_uid_is_its_visitors() -> None:
    world = given(page(uid="u1")).when(page(uid="u1")).then(ActivityTracked)
    assert world.document_of_visitor("u1")["activity_count"] == 2


def test_c3_activity_after_login_goes_to_the_customer() -> None:
    world = given(page(uid="u1"), identify("u1", "c1")).when(page(uid="u1")).then(ActivityTracked)
    assert isinstance(world.events(customer("c1"))[-1], ActivityTracked)
    assert isinstance(world.events(visitor("u1"))[-1], Folded)


def test_c3_a_late_activity_from_before_the_login_follows_the_merge() -> None:
    world = given(identify("u1", "c1", at=day(7)), page(uid="u1", at=day(1))).world
    assert world.document_of_customer("c1")["first_seen"] == "2024-01-01T00:00:00.000000Z"


def test_c3_attributes_under_a_folded_uid_go_to_the_customer() -> None:
    world = given(identify("u1", "c1")).when(identify("u1", attributes=PLAN)).then(AttributesSet)
    assert world.document_of_customer("c1")["attributes"] == PLAN


def test_c3_a_visitor_has_attributes_too() -> None:
    world = given().when(identify("u1", attributes=PLAN)).then(VisitorBorn, AttributesSet)
    assert world.document_of_visitor("u1")["attributes"] == PLAN


def test_c3_identifying_a_known_visitor_without_news_records_nothing() -> None:
    given(page(uid="u1")).when(identify("u1")).then_nothing()


# A CID only (C4).


def test_c4_an_unknown_cid_bears_a_customer() -> None:
    world = given().when(track(cid="c1")).then(CustomerBorn, ActivityTracked)
    assert world.document_of_customer("c1")["uids"] == []


def test_c4_a_known_cid_is_its_customers() -> None:
    given(track(cid="c1")).when(track(cid="c1")).then(ActivityTracked)


# Both (C5).


@pytest.mark.parametrize(
    ("call", "fact"),
    [
        (identify("u1", "c1", attributes=PLAN), AttributesSet),
        (track(uid="u1", cid="c1"), ActivityTracked),
        (page(uid="u1", cid="c1"), ActivityTracked),
        (group("g1", uid="u1", cid="c1"), ActivityTracked),
    ],
    ids=["identify", "track", "page", "group"],
)
def test_c5_every_type_of_call_with_both_ids_asserts_identity(
    call: Call, fact: type[ActivityTracked]
) -> None:
    given(page(uid="u1")).when(call).then(CustomerBorn, Folded, merge_of("u1"), fact)


# What sets attributes (C6 and C8).


def test_c6_identify_sets_attributes() -> None:
    world = given(identify(cid="c1", attributes={"a": 1, "b": [2]})).world
    assert world.document_of_customer("c1")["attributes"] == {"a": 1, "b": [2]}


def test_c6_an_activitys_properties_are_no_attributes() -> None:
    world = given(track(uid="u1", properties=PLAN)).world
    assert world.document_of_visitor("u1")["attributes"] == {}


def test_c8_a_page_is_an_activity() -> None:
    world = given(page("/pricing", uid="u1")).world
    assert world.document_of_visitor("u1")["activities"] == {"$page": 1}


def test_c8_groups_are_an_activity_each_and_gather_in_one_attribute() -> None:
    world = given(group("g2", uid="u1"), group("g1", uid="u1"), group("g2", uid="u1")).world
    shown = world.document_of_visitor("u1")
    assert shown["activities"] == {"$group": 3}
    assert shown["attributes"] == {"groups": ["g1", "g2"]}


# Claiming a UID (M1 and M2).


def test_m1_an_identify_bears_the_customer_of_a_new_cid() -> None:
    given(page(uid="u1")).when(identify("u1", "c1")).then(
        CustomerBorn, Folded, merge_of("u1", "same_call"), CustomerSeen
    )


def test_m1_an_identify_links_to_the_customer_of_a_known_cid() -> None:
    world = (
        given(identify("u1", "c1", attributes=PLAN), page(uid="u2"))
        .when(identify("u2", "c1", attributes={"city": "Oslo"}))
        .then(Folded, merge_of("u2"), AttributesSet)
    )
    shown = world.document_of_customer("c1")
    assert shown["uids"] == ["u1", "u2"]
    assert shown["attributes"] == {"plan": "pro", "city": "Oslo"}


def test_m2_a_uid_never_seen_is_claimed_all_the_same_with_an_empty_contribution() -> None:
    world = (
        given()
        .when(identify("u1", "c1", attributes=PLAN))
        .then(CustomerBorn, VisitorBorn, Folded, merge_of("u1"), AttributesSet)
    )
    (merged,) = [event for event in world.events(customer("c1")) if isinstance(event, Merged)]
    assert merged.contribution.origin.first_seen is None
    assert not merged.contribution.origin.attributes


def test_m2_whatever_comes_later_under_a_claimed_uid_belongs_to_the_customer() -> None:
    world = given(identify("u1", "c1"), page(uid="u1", at=day(9))).world
    assert world.document_of_customer("c1")["last_seen"] == "2024-01-09T00:00:00.000000Z"


# A UID that is taken (M6 and M7).


def test_m6_a_claimed_uid_is_not_folded_again_and_the_refusal_is_a_fact_on_the_customer_named() -> (
    None
):
    call = identify("u1", "c2", attributes=PLAN)
    world = given(identify("u1", "c1")).when(call).then(CustomerBorn, MergeRefused, AttributesSet)
    (refusal,) = [e for e in world.events(customer("c2")) if isinstance(e, MergeRefused)]
    assert (refusal.uid, refusal.owner, refusal.claimed_by) == ("u1", "c1", "c2")
    assert refusal.moment.message_id == call.message_id
    assert world.owners == {"u1": "c1"}


def test_m6_the_calls_activity_and_attributes_go_to_the_cid_that_it_names() -> None:
    world = given(identify("u1", "c1")).world
    world.send(identify("u1", "c2", attributes=PLAN), track(uid="u1", cid="c2"))
    assert world.document_of_customer("c2")["attributes"] == PLAN
    assert world.document_of_customer("c2")["activity_count"] == 1
    assert world.document_of_customer("c1")["attributes"] == {}
    assert world.document_of_customer("c1")["activity_count"] == 0


def test_m6_one_pair_is_refused_once() -> None:
    world = given(identify("u1", "c1"), identify("u2", "c1"), identify("u1", "c2")).world
    claimed = Given(world)
    claimed.when(track(uid="u1", cid="c2")).then(ActivityTracked)
    claimed.when(track(uid="u2", cid="c2")).then(MergeRefused, ActivityTracked)
    claimed.when(track(uid="u1", cid="c3")).then(CustomerBorn, MergeRefused, ActivityTracked)
    assert world.tallies["refusals"] == 3


def test_m6_the_refusal_is_shown_on_the_profile() -> None:
    call = track(uid="u1", cid="c2", at=day(2))
    world = given(identify("u1", "c1"), call).world
    assert world.document_of_customer("c2")["refusals"] == [
        {
            "code": "merge_refused",
            "subject": "u1",
            "detail": "belongs to c1",
            "message_id": call.message_id,
            "occurred_at": "2024-01-02T00:00:00.000000Z",
        }
    ]
    assert world.document_of_customer("c1")["refusals"] == []


def test_m6_a_refused_claim_ties_nobody_by_its_link_keys() -> None:
    links = (device("sofa"),)
    world = given(identify("u1", "c1", at=day(1)), page(uid="u2", links=links, at=day(2))).world
    world.send(track(uid="u1", cid="c2", links=links, at=day(7)))
    assert world.owners == {"u1": "c1"}


def test_m7_nothing_that_two_customers_say_makes_them_one() -> None:
    world = given(
        identify("u1", "c1", attributes=PLAN),
        identify("u2", "c2"),
        identify("u1", "c2"),
        identify("u2", "c1"),
        track(uid="u1", cid="c2"),
    ).world
    assert world.document_of_customer("c1")["uids"] == ["u1"]
    assert world.document_of_customer("c2")["uids"] == ["u2"]
    assert world.document_of_customer("c2")["attributes"] == {}


# Whose call it is.


def test_a_call_is_resolved_before_anything_is_recorded() -> None:
    attempt = given(identify("u1", "c1")).world.attempt()
    assert resolve(page(uid="u1"), attempt) == Target(Cid("c1"))
    assert resolve(page(uid="u2"), attempt) == Target(None)
    assert resolve(track(uid="u2", cid="c2"), attempt) == Target(Cid("c2"))
    assert attempt.recorded == []


def test_a_link_key_resolves_to_the_customer_and_says_by_which_rule() -> None:
    sofa = (device("sofa"),)
    attempt = given(identify("u1", "c1", links=sofa, at=day(7))).world.attempt()
    target = resolve(page(uid="u2", links=sofa, at=day(1)), attempt)
    assert target == Target(Cid("c1"), "link_key:device")


def test_a_call_that_names_nobody_is_no_call() -> None:
    with pytest.raises(ValueError, match="to name a UID or a CID"):
        World().send(page())


def test_every_call_is_answered() -> None:
    given().when(page(uid="u1"), identify("u1", "c1"), track(cid="c1")).answered(
        Outcome.APPLIED, Outcome.APPLIED, Outcome.APPLIED
    )
