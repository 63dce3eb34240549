"""A person as of an hour is what the calls of that hour make (decision 0020)."""

from hypothesis import given
from hypothesis import strategies as st

from domain.commands import Call
from domain.instants import Instant
from tests.controls.past import all_told, people_then
from tests.controls.times import day
from tests.controls.world import World
from tests.properties.strategies import (
    MOMENTS,
    ONE_PERSON,
    POLICIES,
    PROMISES,
    Delivery,
    calls_of,
    deliveries,
    linking_call,
    numbered,
)

any_moment = st.sampled_from([day(0), *MOMENTS, *(at - 1 for at in MOMENTS), day(9)])


def arrived(delivery: Delivery) -> list[Call]:
    """List what arrived, in order, each call once, as far as the log tells of it."""
    once = {call.message_id: call for batch in delivery.arrived for call in batch}
    return all_told(list(once.values()), POLICIES)


def world_by(calls: list[Call], moment: Instant | None = None) -> World:
    """Run the domain over the calls that had occurred by a moment."""
    world = World(POLICIES)
    world.send(*(call for call in calls if moment is None or call.occurred_at <= moment))
    return world


@PROMISES
@given(deliveries(calls_of(ONE_PERSON)), any_moment)
def test_as_of_equals_a_replay_stopped_at_that_time(delivery: Delivery, moment: Instant) -> None:
    calls = arrived(delivery)
    assert people_then(world_by(calls), moment) == world_by(calls, moment).people()


@PROMISES
@given(deliveries(numbered(linking_call("c"), least=4)), any_moment)
def test_as_of_finds_whom_a_link_key_had_folded_by_then(
    delivery: Delivery, moment: Instant
) -> None:
    calls = arrived(delivery)
    assert people_then(world_by(calls), moment) == world_by(calls, moment).people()


@PROMISES
@given(deliveries(calls_of(ONE_PERSON)))
def test_as_of_the_last_call_is_the_profile_as_it_is_now(delivery: Delivery) -> None:
    world = World(POLICIES)
    for batch in delivery.arrived:
        world.send(*batch, batch=len(batch))
    assert people_then(world, day(9)) == world.people()
