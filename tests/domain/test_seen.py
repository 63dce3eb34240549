"""The message ids a profile has applied (rule F4)."""

from functools import reduce

from domain import Outcome
from domain.seen import REMEMBERED, TRAVELLING, Seen
from tests.controls.calls import identify, message_id, page
from tests.controls.world import World, customer, visitor
from tests.given import given


def seen_of(count: int) -> Seen:
    return reduce(Seen.add, map(str, range(count)), Seen())


def test_f4_an_applied_message_id_changes_nothing() -> None:
    call = page(uid="u1")
    given(call).when(call, call).answered(Outcome.DUPLICATE, Outcome.DUPLICATE).then_nothing()


def test_f4_a_repetition_within_one_transaction_is_found_too() -> None:
    call = page(uid="u1")
    world = World()
    assert world.send(call, call, batch=2) == [Outcome.APPLIED, Outcome.DUPLICATE]
    assert world.document_of_visitor("u1")["activity_count"] == 1
    assert world.tallies["duplicates"] == 1


def test_f4_another_profile_may_have_the_same_message_id() -> None:
    name = message_id()
    world = World()
    outcomes = world.send(page(uid="u1", message_id=name), page(uid="u2", message_id=name))
    assert outcomes == [Outcome.APPLIED, Outcome.APPLIED]


def test_f4_the_last_10_000_ids_are_remembered() -> None:
    seen = seen_of(25_000)
    assert REMEMBERED == 10_000
    assert all(str(n) in seen for n in range(15_000, 25_000))


def test_f4_what_is_remembered_does_not_grow_for_ever() -> None:
    seen = seen_of(45_000)
    assert len(seen.young) + len(seen.old) <= 2 * REMEMBERED
    assert "0" not in seen


def test_f4_remembering_an_id_again_changes_nothing() -> None:
    seen = seen_of(3)
    assert seen.add("1") == seen


def test_f4_the_last_1_000_ids_are_listed_oldest_first_across_generations() -> None:
    assert TRAVELLING == 1_000
    expected = tuple(map(str, range(9_500, 10_500)))
    assert seen_of(10_500).latest() == expected
    assert seen_of(3).latest() == ("0", "1", "2")


def test_f4_the_last_1_000_ids_travel_with_a_fold() -> None:
    calls = [page(uid="u1") for _ in range(TRAVELLING + 1)]
    world = World()
    world.send(*calls, batch=500)
    world.send(identify("u1", "c1"))
    assert calls[1].message_id in world.profile(customer("c1")).seen
    assert calls[0].message_id not in world.profile(customer("c1")).seen
    assert world.send(*calls[1:], batch=500) == [Outcome.DUPLICATE] * TRAVELLING


def test_f4_a_call_is_recognised_on_the_customer_it_was_folded_into() -> None:
    call = page(uid="u1")
    given(call, identify("u1", "c1")).when(call).answered(Outcome.DUPLICATE).then_nothing()


def test_f4_the_call_that_folds_is_remembered_on_both_streams() -> None:
    call = identify("u1", "c1")
    world = World()
    world.send(page(uid="u1"), call)
    assert call.message_id in world.profile(visitor("u1")).seen
    assert call.message_id in world.profile(customer("c1")).seen
