"""All previous anonymous profiles: what link keys tie together (rule M3)."""

from itertools import permutations
from typing import TYPE_CHECKING

import pytest

from domain.events import (
    ActivityTracked,
    AttributesSet,
    CustomerBorn,
    CustomerSeen,
    Folded,
    LinkRefused,
    Merged,
    VisitorBorn,
)
from domain.identifiers import Cid, Uid
from domain.linking import CROWD, SPANS, LinkBook, kind_of
from tests.controls.calls import device, identify, page, track
from tests.controls.events import folded_by, merge_of
from tests.controls.times import day
from tests.controls.world import World, customer, visitor
from tests.given import Given, given

if TYPE_CHECKING:
    from domain.commands import Call

ANA, BEN = Cid("ana"), Cid("ben")
SOFA = (device("sofa"),)
PLAN = {"plan": "pro"}
LINKED = "link_key:device"


# The identify comes last: who is due to this customer?


def test_m3_an_identify_folds_the_earlier_visitors_that_share_its_link_key() -> None:
    given(
        page(uid="u1", links=SOFA, at=day(1)),
        page(uid="u2", links=SOFA, at=day(3)),
    ).when(identify("u2", "ana", links=SOFA, at=day(7), attributes=PLAN)).then(
        CustomerBorn,
        folded_by("same_call"),
        merge_of("u2", "same_call"),
        AttributesSet,
        folded_by(LINKED),
        merge_of("u1", LINKED),
    )


def test_m3_a_link_key_of_the_uids_past_counts_as_well_as_one_of_the_call() -> None:
    world = given(
        page(uid="u1", links=SOFA, at=day(1)),
        page(uid="u2", links=SOFA, at=day(3)),
    ).world
    world.send(identify("u2", "ana", at=day(7)))
    assert world.owners == {"u1": ANA, "u2": ANA}


def test_m3_a_link_key_learned_after_the_identify_counts_too() -> None:
    world = given(
        page(uid="u1", links=SOFA, at=day(1)),
        identify("u2", "ana", at=day(7), attributes=PLAN),
    ).world
    world.send(page(uid="u2", links=SOFA, at=day(9)))
    assert world.owners == {"u1": ANA, "u2": ANA}


def test_m3_every_call_with_both_ids_identifies_not_only_identify() -> None:
    world = given(page(uid="u1", links=SOFA, at=day(1))).world
    world.send(track(uid="u2", cid="ana", links=SOFA, at=day(7)))
    assert world.owners == {"u1": ANA, "u2": ANA}


def test_m3_a_call_under_the_cid_alone_ties_nobody() -> None:
    world = given(page(uid="u1", links=SOFA, at=day(1))).world
    world.send(identify(cid="ana", links=SOFA, at=day(7)))
    assert world.owners == {}


def test_m3_a_visitor_folded_by_a_link_key_does_not_pass_the_claim_on() -> None:
    world = given(
        page(uid="u1", links=(device("attic"),), at=day(1)),
        page(uid="u2", links=(device("attic"), device("sofa")), at=day(2)),
    ).world
    world.send(identify("u3", "ana", links=SOFA, at=day(7)))
    assert world.owners == {"u2": ANA, "u3": ANA}


def test_m3_the_neighbours_fold_in_the_order_of_their_first_activity() -> None:
    given(
        page(uid="u1", links=SOFA, at=day(2)),
        page(uid="u2", links=SOFA, at=day(1)),
    ).when(identify("u3", "ana", links=SOFA, at=day(7))).then(
        CustomerBorn,
        VisitorBorn,
        Folded,
        merge_of("u3"),
        CustomerSeen,
        Folded,
        merge_of("u2", LINKED),
        Folded,
        merge_of("u1", LINKED),
    )


# The activity comes last: whose is this visitor?


def test_m3_a_late_activity_from_before_the_identify_joins_the_customer() -> None:
    given(identify("u2", "ana", links=SOFA, at=day(7))).when(
        page(uid="u1", links=SOFA, at=day(1))
    ).then(VisitorBorn, folded_by(LINKED), merge_of("u1", LINKED), ActivityTracked)


def test_m3_a_visitor_known_since_later_is_folded_when_its_earlier_activity_arrives() -> None:
    world = given(
        identify("u2", "ana", links=SOFA, at=day(7)),
        page(uid="u1", links=SOFA, at=day(9)),
    ).world
    assert world.owners == {"u2": ANA}
    world.send(page(uid="u1", links=SOFA, at=day(1)))
    assert world.owners == {"u1": ANA, "u2": ANA}
    assert world.document_of_customer("ana")["activity_count"] == 2


def test_m3_a_visitor_is_folded_when_it_shows_the_link_key_only_later() -> None:
    world = given(
        identify("u2", "ana", links=SOFA, at=day(7)),
        page(uid="u1", at=day(1)),
    ).world
    world.send(page(uid="u1", links=SOFA, at=day(9)))
    assert world.owners == {"u1": ANA, "u2": ANA}


def test_m3_any_order_of_arrival_folds_the_same_visitors() -> None:
    calls: tuple[Call, ...] = (
        page(uid="u1", links=SOFA, at=day(1)),
        page(uid="u2", links=SOFA, at=day(3)),
        identify("u2", "ana", links=SOFA, at=day(7)),
        page(uid="u3", links=SOFA, at=day(8)),
    )
    for order in permutations(calls):
        world = World()
        world.send(*order)
        assert world.owners == {"u1": ANA, "u2": ANA}


# Who is not folded.


def test_m3_a_visitor_whose_first_activity_is_later_is_not_folded_in_either_order() -> None:
    later, identified = (
        page(uid="u1", links=SOFA, at=day(8)),
        identify("u2", "ana", links=SOFA, at=day(7)),
    )
    assert given(later, identified).world.owners == {"u2": ANA}
    assert given(identified, later).world.owners == {"u2": ANA}


def test_m3_a_first_activity_at_the_very_moment_of_the_identify_is_not_before_it() -> None:
    together, identified = (
        page(uid="u1", links=SOFA, at=day(7)),
        identify("u2", "ana", links=SOFA, at=day(7)),
    )
    assert given(together, identified).world.owners == {"u2": ANA}
    assert given(identified, together).world.owners == {"u2": ANA}


def test_m3_the_next_identify_of_the_customer_folds_who_came_since() -> None:
    world = given(
        identify("u1", "ana", links=SOFA, at=day(7)),
        page(uid="u2", links=SOFA, at=day(8)),
    ).world
    world.send(identify("u1", "ana", at=day(9)))
    assert world.owners == {"u1": ANA, "u2": ANA}


def test_m3_an_identify_of_its_own_folds_a_later_visitor() -> None:
    world = given(
        identify("u1", "ana", links=SOFA, at=day(7)),
        page(uid="u2", links=SOFA, at=day(8)),
    ).world
    world.send(identify("u2", "ben", links=SOFA, at=day(9)))
    assert world.owners == {"u1": ANA, "u2": BEN}


def test_m3_a_visitor_without_any_activity_is_not_folded_by_a_link_key() -> None:
    world = given(
        identify("u1", links=SOFA, at=day(1), attributes={"plan": "free"}),
        identify("u2", "ana", links=SOFA, at=day(7)),
    ).world
    assert world.owners == {"u2": ANA}


def test_m3_another_customers_visitor_is_never_taken_by_a_link_key() -> None:
    world = given(
        page(uid="u1", links=SOFA, at=day(1)),
        identify("u1", "ana", at=day(2)),
    ).world
    world.send(identify("u2", "ben", links=SOFA, at=day(7)))
    assert world.owners == {"u1": ANA, "u2": BEN}
    assert world.tallies["refusals"] == 0


def test_m3_another_link_key_ties_nobody() -> None:
    world = given(page(uid="u1", links=(device("attic"),), at=day(1))).world
    world.send(identify("u2", "ana", links=SOFA, at=day(7)))
    assert world.owners == {"u2": ANA}


# Several identifies under one key.


def two_customers_on_one_sofa() -> World:
    """Ana identified on days 2 and 6, Ben on days 4 and 8, on the same device."""
    return given(
        identify("ua", "ana", links=SOFA, at=day(2)),
        identify("ub", "ben", links=SOFA, at=day(4)),
        identify("ua", "ana", links=SOFA, at=day(6)),
        identify("ub", "ben", links=SOFA, at=day(8)),
    ).world


@pytest.mark.parametrize(
    ("first", "owner"), [(1, ANA), (2, BEN), (3, BEN), (4, ANA), (5, ANA), (7, BEN), (8, None)]
)
def test_m3_the_earliest_identify_that_follows_the_activity_has_the_visitor(
    first: int, owner: Cid | None
) -> None:
    world = two_customers_on_one_sofa()
    world.send(page(uid="u1", links=SOFA, at=day(first)))
    assert world.owner(Uid("u1")) == owner


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_m3_the_earliest_identify_has_it_in_whatever_order_the_identifies_came(
    order: tuple[int, ...],
) -> None:
    identifies = (
        identify("ua", "ana", links=SOFA, at=day(2), attributes=PLAN),
        identify("ub", "ben", links=SOFA, at=day(4), attributes=PLAN),
        identify("ua", "ana", links=SOFA, at=day(6), attributes=PLAN),
    )
    for first, owner in [(1, ANA), (3, BEN), (5, ANA)]:
        world = given(*(identifies[n] for n in order)).world
        world.send(page(uid="u1", links=SOFA, at=day(first)))
        assert world.owner(Uid("u1")) == owner


def test_m3_over_several_link_keys_the_earliest_identify_has_the_visitor() -> None:
    world = given(
        identify("ua", "ana", links=(device("attic"),), at=day(5)),
        identify("ub", "ben", links=SOFA, at=day(3)),
    ).world
    world.send(page(uid="u1", links=(device("attic"), device("sofa")), at=day(1)))
    assert world.owner(Uid("u1")) == BEN


@pytest.mark.xfail(
    strict=True,
    reason="M3: an earlier identify that arrives later is dropped when it brings no attributes",
)
def test_m3_an_earlier_identify_without_attributes_that_arrives_later_has_the_visitor() -> None:
    world = given(
        identify("ua", "ana", links=SOFA, at=day(6)),
        identify("ua", "ana", links=SOFA, at=day(2)),
        identify("ub", "ben", links=SOFA, at=day(4)),
    ).world
    world.send(page(uid="u1", links=SOFA, at=day(1)))
    assert world.owner(Uid("u1")) == ANA


@pytest.mark.xfail(
    strict=True,
    reason="M3: spans keep a customer's first and last identify only (decision 0003)",
)
def test_m3_an_identify_between_two_others_of_its_customer_has_the_visitor() -> None:
    world = given(
        identify("ua", "ana", links=SOFA, at=day(1)),
        identify("ua", "ana", links=SOFA, at=day(9)),
        identify("ua", "ana", links=SOFA, at=day(4), attributes=PLAN),
        identify("ub", "ben", links=SOFA, at=day(5)),
    ).world
    world.send(page(uid="u1", links=SOFA, at=day(3)))
    assert world.owner(Uid("u1")) == ANA


@pytest.mark.xfail(
    strict=True,
    reason="M3: within a run of identifies the next one is taken to come at once",
)
def test_m3_over_several_link_keys_the_true_time_of_each_identify_decides() -> None:
    world = given(
        identify("ua", "ana", links=(device("attic"),), at=day(1)),
        identify("ua", "ana", links=(device("attic"),), at=day(9)),
        identify("ub", "ben", links=SOFA, at=day(5)),
    ).world
    world.send(page(uid="u1", links=(device("attic"), device("sofa")), at=day(3)))
    assert world.owner(Uid("u1")) == BEN


# What an identify without attributes leaves behind (decision 0005).


def test_m3_a_later_identify_of_the_day_is_recorded_for_link_keys_turn_on_its_time() -> None:
    world = (
        given(identify("u1", "ana", links=SOFA, at=day(7, hour=8)))
        .when(identify("u1", "ana", at=day(7, hour=12)))
        .then(CustomerSeen)
    )
    world.send(page(uid="u2", links=SOFA, at=day(7, hour=10)))
    assert world.owners == {"u1": ANA, "u2": ANA}


def test_m3_an_identify_that_brings_a_new_link_key_is_recorded() -> None:
    world = (
        given(identify("u1", "ana", at=day(7)), page(uid="u2", links=SOFA, at=day(1)))
        .when(identify("u1", "ana", links=SOFA, at=day(7)))
        .then(CustomerSeen, Folded, merge_of("u2", LINKED))
    )
    assert world.owners == {"u1": ANA, "u2": ANA}


# A key that is no person's.


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


# The book itself.


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
