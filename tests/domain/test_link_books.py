"""What is known under one link key, and when it is no person's (rule M3)."""

from domain.events import ActivityTracked, LinkRefused, Merged, VisitorBorn
from domain.identifiers import Cid, Uid
from domain.linking import CROWD, IDENTIFIES, TURNS, Identified, LinkBook, kind_of
from tests.controls.calls import device, identify, page
from tests.controls.times import day
from tests.controls.world import World, customer, visitor
from tests.given import Given, given

ANA = Cid("ana")
SOFA = (device("sofa"),)


def by(cid: str, number: float) -> Identified:
    """A customer was identified on that day, always under one UID."""
    return Identified(day(number), Cid(cid), Uid(f"u of {cid}"))


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


def test_a_book_keeps_identifies_in_order_of_time_however_they_came() -> None:
    book = LinkBook().identify(by("ana", 5), by("ana", 1)).identify(by("ben", 3))
    assert book.identifies == (by("ana", 1), by("ben", 3), by("ana", 5))
    assert [book.claimant(day(at)) for at in (0, 1, 4, 5)] == [
        by("ana", 1),
        by("ben", 3),
        by("ana", 5),
        None,
    ]


def test_a_book_that_learns_nothing_stays_the_same_object() -> None:
    book = LinkBook().register(Uid("u1"), day(1)).identify(by("ana", 2))
    assert book.register(Uid("u1"), day(1)) is book
    assert book.identify(by("ana", 2)) is book
    assert book.identify() is book
    assert book.strike(Uid("u2")) is book


def test_a_book_gives_the_identifies_of_one_uid() -> None:
    book = LinkBook().identify(by("ana", 1), by("ben", 2), by("ana", 3))
    assert book.of(Uid("u of ana")) == [by("ana", 1), by("ana", 3)]


def test_of_one_customers_identifies_a_book_keeps_a_few_and_always_the_first_and_the_last() -> None:
    book = LinkBook()
    for at in (*range(50, 100), *range(50)):
        book = book.identify(by("ana", at))
    assert len(book.identifies) == IDENTIFIES
    assert (book.identifies[0], book.identifies[-1]) == (by("ana", 0), by("ana", 99))


def test_a_book_forgets_no_turn_for_the_sake_of_one_customers_identifies() -> None:
    book = LinkBook().identify(by("ben", 50.5))
    for at in range(100):
        book = book.identify(by("ana", at))
    assert len(book.identifies) == IDENTIFIES
    assert {by("ana", 50), by("ben", 50.5), by("ana", 51)} <= set(book.identifies)


def test_a_book_keeps_the_latest_256_turns_that_customers_take() -> None:
    book = LinkBook()
    for at in range(TURNS + 10):
        book = book.identify(by("ben" if at % 2 else "ana", at))
    assert len(book.identifies) == TURNS
    assert book.identifies[-1] == by("ben", TURNS + 9)


def test_the_kind_of_a_link_key_is_what_stands_before_its_first_colon() -> None:
    assert kind_of(device("a:b")) == "device"


def test_a_folded_visitor_is_in_no_book() -> None:
    world = given(page(uid="u1", links=SOFA), identify("u1", "ana", at=day(2))).world
    assert world.book(device("sofa")).visitors == {}
    assert world.profile(visitor("u1")).folded_into == ANA
    assert [type(e) for e in world.events(customer("ana"))].count(Merged) == 1
