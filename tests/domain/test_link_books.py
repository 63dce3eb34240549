"""What is known under one link key, and when it is no person's (rule M3)."""

from domain.events import ActivityTracked, LinkRefused, Merged, VisitorBorn
from domain.identifiers import Cid, Uid
from domain.linking import CROWD, SPANS, LinkBook, kind_of
from tests.controls.calls import device, identify, page
from tests.controls.times import day
from tests.controls.world import World, customer, visitor
from tests.given import Given, given

ANA, BEN = Cid("ana"), Cid("ben")
SOFA = (device("sofa"),)


def test_a_crowded_link_key_refuses_one_visitor_too_many_and_only_once() -> None:
    world = World()
    world.send(*(page(uid=f"u{n}", links=SOFA, at=day(1)) for n in range(CROWD)), batch=100)
    assert world.tallies["refusals"] == 0
    crowded = Given(world)
    crowded.when(page(uid="late", links=SOFA, at=day(1))).then(
        VisitorBorn, ActivityTracked, LinkRefused
    )
    crowded.when(page(uid="late", links=SOFA, at=day(0.5))).then(ActivityTracked)
    (refusal,) = world.document_of_visitor("late")["refusals"]
    assert (refusal["code"], refusal["subject"]) == ("link_key_crowded", "device:sofa")


def test_a_visitor_that_a_crowd_kept_out_is_not_folded_by_the_key() -> None:
    world = World()
    world.send(*(page(uid=f"u{n}", links=SOFA, at=day(1)) for n in range(CROWD + 1)), batch=100)
    world.send(identify("me", "ana", links=SOFA, at=day(7)))
    assert world.owner(Uid(f"u{CROWD - 1}")) == ANA
    assert world.owner(Uid(f"u{CROWD}")) is None


def test_a_book_forgets_who_is_claimed() -> None:
    book = LinkBook().register(Uid("u1"), day(1)).register(Uid("u2"), day(2)).strike(Uid("u1"))
    assert book.due(day(3)) == ["u2"]


def test_a_book_keeps_the_run_of_one_customer_as_one_span() -> None:
    book = LinkBook().identify(ANA, day(1), day(1))
    book = book.identify(ANA, day(5), day(5)).identify(ANA, day(3), day(3))
    assert len(book.spans) == 1
    assert book.claimant(day(4)) is not None
    assert book.claimant(day(5)) is None


def test_a_book_that_learns_nothing_stays_the_same_object() -> None:
    book = LinkBook().register(Uid("u1"), day(1)).identify(ANA, day(2), day(4))
    assert book.register(Uid("u1"), day(1)) is book
    assert book.identify(ANA, day(2), day(3)) is book
    assert book.strike(Uid("u2")) is book


def test_a_book_keeps_the_latest_256_changes_of_customer() -> None:
    book = LinkBook()
    for n in range(SPANS + 10):
        book = book.identify(Cid(f"c{n % 2}"), day(n), day(n))
    assert len(book.spans) == SPANS
    assert book.claimant(day(SPANS + 8)) == (day(SPANS + 9), "c1")


def test_the_kind_of_a_link_key_is_what_stands_before_its_first_colon() -> None:
    assert kind_of(device("a:b")) == "device"


def test_a_folded_visitor_is_in_no_book() -> None:
    world = given(page(uid="u1", links=SOFA), identify("u1", "ana", at=day(2))).world
    assert world.book(device("sofa")).visitors == {}
    assert world.profile(visitor("u1")).folded_into == ANA
    assert [type(e) for e in world.events(customer("ana"))].count(Merged) == 1
