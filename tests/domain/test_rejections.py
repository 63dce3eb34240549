"""A call that could not be taken is a fact of its source's journal (rule C1)."""

import pytest

from domain import Journal, Outcome
from domain.errors import PoisonIdentifier
from domain.events import CallRejected
from domain.identifiers import ProfileId, identifier
from tests.controls.calls import page, rejected
from tests.controls.events import moment
from tests.controls.times import day
from tests.controls.world import World, source
from tests.given import given


def test_c1_a_poison_id_is_a_recorded_rejection_of_that_call() -> None:
    with pytest.raises(PoisonIdentifier) as poisoned:
        identifier("userId", "null")
    call = rejected(poisoned.value.code, str(poisoned.value), source="shop", at=day(3))
    world = given().when(call).answered(Outcome.APPLIED).then(CallRejected)
    (event,) = world.events(source("shop"))
    assert isinstance(event, CallRejected)
    assert (event.code, event.sample) == ("poison_id", b'{"userId":"null"}')
    assert "the placeholder 'null'" in event.message
    assert (event.moment.message_id, event.moment.occurred_at) == (call.message_id, day(3))


def test_a_repeated_rejection_is_recorded_once() -> None:
    call = rejected()
    given(call).when(call, call).answered(Outcome.DUPLICATE, Outcome.DUPLICATE).then_nothing()


def test_a_rejection_repeated_within_one_transaction_is_recorded_once() -> None:
    call = rejected()
    assert World().send(call, call, batch=2) == [Outcome.APPLIED, Outcome.DUPLICATE]


def test_each_source_has_a_journal_of_its_own() -> None:
    world = given(rejected(source="shop"), rejected(source="app"), rejected(source="shop")).world
    assert len(world.events(source("shop"))) == 2
    assert len(world.events(source("app"))) == 1
    assert world.journals["shop"].id != world.journals["app"].id
    assert world.tallies["rejections"] == 3


def test_the_rest_of_a_batch_goes_on() -> None:
    world = World()
    world.send(page(uid="u1"), rejected(), page(uid="u1"), batch=3)
    assert world.document_of_visitor("u1")["activity_count"] == 2


def test_a_rejection_touches_no_profile() -> None:
    assert given(rejected(uid="u1", cid="c1")).world.profiles == {}


def test_a_journal_says_whose_it_is_and_how_far_it_got() -> None:
    event = CallRejected(moment(), code="bad_id", message="Expected an id", sample=b"")
    journal = Journal(ProfileId(int=1), "shop").evolve(event)
    assert str(journal) == "journal:shop@1"
    assert event.moment.message_id in journal.seen
