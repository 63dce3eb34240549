"""One person's calls make one profile, in whatever way they arrive (rules F4 and F5)."""

from hypothesis import example, given

from domain import Outcome
from domain.commands import Call
from tests.controls.calls import alias, device, identify, page
from tests.controls.times import day
from tests.properties.strategies import (
    INVARIANTS,
    ONE_PERSON,
    PROMISES,
    SEVERAL_PEOPLE,
    Delivery,
    calls_of,
    deliveries,
    linking_call,
    numbered,
    one_by_one,
    world_of,
)

SOFA = (device("sofa"),)


def told(*said: Call, arrived: str) -> Delivery:
    """Spell a delivery out: `2 01` is the third call, then the first two as one batch."""
    return Delivery(list(said), [[said[int(n)] for n in batch] for batch in arrived.split()])


IDENTIFIED_TWICE_A_DAY = told(
    identify("u2", "c", at=day(7, hour=10)),
    identify("u2", "c", at=day(7, hour=12)),
    page(uid="u2", links=SOFA, at=day(7, hour=13)),
    page(uid="u1", links=SOFA, at=day(7, hour=11)),
    arrived="3 2 1 0",
)
TWO_DEVICES_IDENTIFIED_ON_ONE_DAY = told(
    identify("u2", "c", at=day(7)),
    identify("u3", "c", at=day(7)),
    page(uid="u3", links=SOFA, at=day(8)),
    page(uid="u1", links=SOFA, at=day(1)),
    arrived="2 0 1 3",
)
ALIAS_BESIDE_A_UID = told(
    alias("u2", "c", uid="u3", at=day(7)),
    page(uid="u2", links=SOFA, at=day(8)),
    page(uid="u1", links=SOFA, at=day(1)),
    arrived="1 0 2",
)


@PROMISES
@given(deliveries(calls_of(ONE_PERSON)))
def test_f5_any_order_any_repetition_and_any_split_make_the_same_documents(
    delivery: Delivery,
) -> None:
    assert world_of(*delivery.arrived).people() == one_by_one(delivery.said).people()


@PROMISES
@given(deliveries(numbered(linking_call("c"), least=4)))
@example(IDENTIFIED_TWICE_A_DAY)
@example(TWO_DEVICES_IDENTIFIED_ON_ONE_DAY)
@example(ALIAS_BESIDE_A_UID)
def test_f5_a_link_key_ties_the_same_visitors_in_any_order(delivery: Delivery) -> None:
    assert world_of(*delivery.arrived).people() == one_by_one(delivery.said).people()


@INVARIANTS
@given(deliveries(calls_of(ONE_PERSON)))
def test_m6_one_persons_calls_are_never_refused(delivery: Delivery) -> None:
    assert world_of(*delivery.arrived).tallies["refusals"] == 0


@INVARIANTS
@given(calls_of(SEVERAL_PEOPLE))
def test_f4_what_was_said_once_changes_nothing_when_it_is_all_said_again(calls: list[Call]) -> None:
    world = one_by_one(calls)
    before = world.people()
    world.send(*calls)
    assert world.people() == before


@INVARIANTS
@given(calls_of(ONE_PERSON))
def test_f4_a_recorded_call_is_answered_as_a_duplicate(calls: list[Call]) -> None:
    world = one_by_one(calls)
    recorded = {entry.event.moment.message_id for entry in world.log}
    for call, outcome in zip(calls, world.send(*calls), strict=True):
        assert call.message_id not in recorded or outcome is Outcome.DUPLICATE


@INVARIANTS
@given(calls_of(SEVERAL_PEOPLE), calls_of(SEVERAL_PEOPLE))
def test_m6_a_uid_never_changes_hands(first: list[Call], second: list[Call]) -> None:
    world = one_by_one(first)
    owners = dict(world.owners)
    world.send(*second)
    assert owners.items() <= world.owners.items()
