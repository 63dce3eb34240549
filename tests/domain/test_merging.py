"""A fold, and what it carries (rules M4 and M5)."""

from collections import Counter

from domain.events import ActivityTracked, Folded, LinkRefused, Merged, VisitorBorn
from domain.identifiers import Cid, Uid
from domain.linking import CROWD
from tests.controls.calls import device, identify, page, track
from tests.controls.times import day
from tests.controls.world import World, customer, visitor
from tests.given import Given, given


def merges(world: World, cid: str = "c1") -> list[Merged]:
    return [event for event in world.events(customer(cid)) if isinstance(event, Merged)]


def test_m4_a_fold_is_folded_on_the_visitor_and_merged_on_the_customer_in_one_transaction() -> None:
    world = given(page(uid="u1")).world
    attempt = world.attempt()
    attempt.do(identify("u1", "c1"))
    facts = {type(r.event): (r.profile_id, r.version) for r in attempt.recorded}
    assert facts[Folded] == (world.profile(visitor("u1")).id, 3)
    assert facts[Merged] == (attempt.customers[Cid("c1")].id, 2)
    assert attempt.owners == {"u1": "c1"}


def test_m4_folded_names_the_customer_and_closes_the_stream() -> None:
    world = given(page(uid="u1"), identify("u1", "c1"), page(uid="u1")).world
    folded = world.events(visitor("u1"))[-1]
    assert isinstance(folded, Folded)
    assert (folded.cid, folded.customer_id) == ("c1", world.profile(customer("c1")).id)
    assert world.profile(visitor("u1")).folded_into == "c1"


def test_m5_merged_carries_all_that_the_customer_needs() -> None:
    call = identify("u1", "c1", at=day(7))
    world = given(page(uid="u1", at=day(1)), call).world
    (merged,) = merges(world)
    folded = world.profile(visitor("u1"))
    assert (merged.uid, merged.visitor_id, merged.visitor_version) == ("u1", folded.id, 3)
    assert merged.rule == "same_call"
    assert merged.moment.message_id == call.message_id
    assert (merged.moment.occurred_at, merged.moment.recorded_at) == (day(7), call.received_at)


def test_m5_the_visitors_version_counts_its_folded_event() -> None:
    world = given(page(uid="u1"), identify("u1", "c1")).world
    (merged,) = merges(world)
    assert merged.visitor_version == len(world.events(visitor("u1")))


def test_m5_the_contribution_is_the_visitors_folded_state() -> None:
    first, second = page(uid="u1", links=(device("a"),), at=day(1)), page(uid="u1", at=day(2))
    world = given(first, second, identify("u1", attributes={"plan": "pro"}, at=day(3))).world
    before = world.profile(visitor("u1"))
    world.send(identify("u1", "c1", at=day(7)))
    (merged,) = merges(world)
    assert merged.contribution.origin == before.total
    assert merged.contribution.origin.activities == {"$page": 2}
    assert merged.contribution.message_ids[:2] == (first.message_id, second.message_id)


def test_m5_a_link_key_fold_names_its_rule_and_the_call_that_set_it_off() -> None:
    sofa = (device("sofa"),)
    call = identify("u2", "c1", links=sofa, at=day(7))
    world = given(page(uid="u1", links=sofa, at=day(1)), call).world
    by_uid = {merged.uid: merged for merged in merges(world)}
    assert by_uid[Uid("u1")].rule == "link_key:device"
    assert by_uid[Uid("u2")].rule == "same_call"
    assert {merged.moment.message_id for merged in by_uid.values()} == {call.message_id}


def test_m5_a_customers_state_is_a_pure_function_of_its_own_stream() -> None:
    sofa = (device("sofa"),)
    world = given(
        page(uid="u1", links=sofa, at=day(1)),
        identify("u1", attributes={"plan": "free"}, at=day(2)),
        track(uid="u2", links=sofa, at=day(3)),
        identify("u2", "c1", links=sofa, attributes={"plan": "pro"}, at=day(7)),
        page(uid="u1", at=day(8)),
    ).world
    assert world.replayed(customer("c1")) == world.profile(customer("c1"))


def test_a_fold_adds_the_visitors_activities_to_the_customers() -> None:
    world = given(
        track("A", cid="c1", at=day(5)),
        track("A", uid="u1", at=day(1)),
        track("B", uid="u1", at=day(9)),
        identify("u1", "c1"),
    ).world
    shown = world.document_of_customer("c1")
    assert shown["activities"] == {"A": 2, "B": 1}
    assert shown["first_seen"] == "2024-01-01T00:00:00.000000Z"
    assert shown["last_seen"] == "2024-01-09T00:00:00.000000Z"


def test_a_fold_joins_attributes_by_their_times_not_by_their_owner() -> None:
    world = given(
        identify(cid="c1", attributes={"city": "Oslo", "plan": "pro"}, at=day(2)),
        identify("u1", attributes={"city": "Rome"}, at=day(3)),
        identify("u1", attributes={"plan": "free"}, at=day(1)),
        identify("u1", "c1", at=day(9)),
    ).world
    attributes = world.document_of_customer("c1")["attributes"]
    assert attributes == {"city": "Rome", "plan": "pro"}


def test_what_a_visitor_was_refused_is_not_forgotten_by_a_fold() -> None:
    sofa = (device("sofa"),)
    world = World()
    world.send(*(page(uid=f"u{n}", links=sofa) for n in range(CROWD)), batch=250)
    Given(world).when(page(uid="late", links=sofa)).then(VisitorBorn, ActivityTracked, LinkRefused)
    world.send(identify("late", "c1", at=day(0.5)))
    codes = [refusal["code"] for refusal in world.document_of_customer("c1")["refusals"]]
    assert codes == ["link_key_crowded"]


def test_the_tallies_count_visitors_customers_and_folds() -> None:
    world = given(
        page(uid="u1"), page(uid="u2"), identify("u1", "c1"), identify("u3", "c1"), page(uid="u1")
    ).world
    assert world.tallies == Counter(
        {"visitors": 1, "customers": 1, "folds": 2, "activities": 3, "received:web": 5}
    )
