"""What a profile holds at most, and what becomes of the rest (rule F2)."""

from domain.content import ATTRIBUTES
from domain.events import ActivityTracked, AttributesRefused, AttributesSet
from domain.origin import ACTIVITY_NAMES
from tests.controls.calls import identify, track
from tests.controls.times import day
from tests.controls.world import World, customer
from tests.given import Given, given

FULL = {f"a{n:04}": n for n in range(ATTRIBUTES)}


def full() -> Given:
    return given(identify(cid="c1", attributes=FULL, at=day(1)))


def test_a_profile_holds_2_000_attributes() -> None:
    world = full().world
    assert ATTRIBUTES == 2_000
    assert world.document_of_customer("c1")["attributes"] == FULL


def test_a_further_attribute_is_refused_and_kept_as_a_fact() -> None:
    call = identify(cid="c1", attributes={"one_more": "x"}, at=day(1))
    world = full().when(call).then(AttributesRefused)
    refusal = world.events(customer("c1"))[-1]
    assert isinstance(refusal, AttributesRefused)
    assert refusal.attributes == {"one_more": b'"x"'}
    assert world.document_of_customer("c1")["attributes"] == FULL
    (shown,) = world.document_of_customer("c1")["refusals"]
    assert (shown["code"], shown["subject"]) == ("too_many_attributes", "one_more")


def test_the_attributes_that_a_full_profile_has_are_still_written() -> None:
    call = identify(cid="c1", attributes={"a0001": "new", "one_more": "x"}, at=day(2))
    world = full().when(call).then(AttributesRefused, AttributesSet)
    assert world.document_of_customer("c1")["attributes"] == {**FULL, "a0001": "new"}


def test_a_call_that_brings_more_than_fits_has_its_first_ones_taken() -> None:
    world = given().when(identify(cid="c1", attributes={**FULL, "z": 1})).world
    assert world.document_of_customer("c1")["attributes"] == FULL
    assert world.tallies["refusals"] == 1


def test_an_activity_on_a_full_profile_is_tracked_without_its_attributes() -> None:
    call = track(cid="c1", attributes={"one_more": "x"})
    world = full().when(call).then(AttributesRefused, ActivityTracked)
    assert world.document_of_customer("c1")["activity_count"] == 1


def test_a_full_profile_still_takes_the_system_attributes_and_they_take_no_room() -> None:
    system = {"$browser": "Chrome 126", "$sources": "web"}
    world = full().when(track(cid="c1", attributes=system, at=day(2))).then(ActivityTracked)
    shown = {"$browser": "Chrome 126", "$sources": ["web"]}
    assert world.document_of_customer("c1")["attributes"] == {**FULL, **shown}
    world = (
        given(track(cid="c1", attributes=system))
        .when(identify(cid="c1", attributes={**FULL, "z": 1}, at=day(2)))
        .then(AttributesRefused, AttributesSet)
    )
    assert world.document_of_customer("c1")["attributes"] == {**FULL, **shown}


def test_a_name_that_only_looks_like_a_system_attribute_is_counted() -> None:
    full().when(track(cid="c1", attributes={"$other": 1}, at=day(2))).then(
        AttributesRefused, ActivityTracked
    )


def test_the_refused_call_is_a_duplicate_the_second_time() -> None:
    call = identify(cid="c1", attributes={"one_more": "x"})
    refused = full()
    refused.when(call)
    refused.when(call).then_nothing()


def test_f2_500_activity_names_are_counted_one_by_one_and_the_rest_under_other() -> None:
    world = World()
    names = [f"n{n:03}" for n in range(ACTIVITY_NAMES + 3)]
    world.send(*(track(name, uid="u1") for name in names), batch=100)
    activities = world.document_of_visitor("u1")["activities"]
    assert ACTIVITY_NAMES == 500
    assert activities == {**dict.fromkeys(names[:500], 1), "$other": 3}


def test_f2_a_name_that_has_its_count_keeps_it_beyond_the_cap() -> None:
    world = World()
    world.send(*(track(f"n{n:03}", uid="u1") for n in range(ACTIVITY_NAMES + 1)), batch=100)
    world.send(track("n000", uid="u1"), track("new", uid="u1"))
    activities = world.document_of_visitor("u1")["activities"]
    assert (activities["n000"], activities["$other"]) == (2, 2)


def test_f2_the_cap_on_names_holds_for_the_sum_of_the_origins_too() -> None:
    world = World()
    world.send(*(track(f"l{n:03}", uid="u1") for n in range(400)), batch=100)
    world.send(*(track(f"r{n:03}", uid="u2") for n in range(400)), batch=100)
    world.send(identify("u1", "c1"), identify("u2", "c1"))
    shown = world.document_of_customer("c1")
    assert len(shown["activities"]) == ACTIVITY_NAMES + 1
    assert shown["activity_count"] == 800
    assert shown["activities"]["$other"] == 300
