"""All previous anonymous profiles: what link keys tie together (rule M3)."""

from itertools import permutations
from typing import TYPE_CHECKING

from domain.events import (
    ActivityTracked,
    AttributesSet,
    CustomerBorn,
    CustomerSeen,
    Folded,
    VisitorBorn,
)
from domain.identifiers import Cid
from tests.controls.calls import device, identify, page, track
from tests.controls.events import folded_by, merge_of
from tests.controls.times import day
from tests.controls.world import World
from tests.given import given

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


# What an identify without attributes leaves behind (decision 0005).


def test_m3_a_later_identify_of_the_day_ties_without_an_event_of_its_own() -> None:
    world = (
        given(identify("u1", "ana", links=SOFA, at=day(7, hour=8)))
        .when(identify("u1", "ana", at=day(7, hour=12)))
        .then_nothing()
    )
    world.send(page(uid="u2", links=SOFA, at=day(7, hour=10)))
    assert world.owners == {"u1": ANA, "u2": ANA}


def test_m3_a_later_identify_of_the_day_ties_those_who_are_there_already() -> None:
    world = given(
        identify("u1", "ana", links=SOFA, at=day(7, hour=8)),
        page(uid="u2", links=SOFA, at=day(7, hour=10)),
    ).world
    assert world.owners == {"u1": ANA}
    world.send(identify("u1", "ana", at=day(7, hour=12)))
    assert world.owners == {"u1": ANA, "u2": ANA}


def test_m3_its_time_is_known_to_a_link_key_that_turns_up_only_later() -> None:
    world = given(
        identify("u1", "ana", at=day(7, hour=8)),
        identify("u1", "ana", at=day(7, hour=12)),
        page(uid="u2", links=SOFA, at=day(7, hour=10)),
    ).world
    assert world.owners == {"u1": ANA}
    world.send(page(uid="u1", links=SOFA, at=day(8)))
    assert world.owners == {"u1": ANA, "u2": ANA}


def test_m3_its_time_is_known_to_a_second_link_key_too() -> None:
    attic = (device("attic"),)
    world = given(
        identify("u1", "ana", links=SOFA, at=day(7, hour=8)),
        identify("u1", "ana", at=day(7, hour=12)),
        page(uid="u2", links=attic, at=day(7, hour=10)),
    ).world
    world.send(page(uid="u1", links=attic, at=day(8)))
    assert world.owners == {"u1": ANA, "u2": ANA}


def test_m3_an_identify_that_brings_a_new_link_key_is_recorded() -> None:
    world = (
        given(identify("u1", "ana", at=day(7)), page(uid="u2", links=SOFA, at=day(1)))
        .when(identify("u1", "ana", links=SOFA, at=day(7)))
        .then(CustomerSeen, Folded, merge_of("u2", LINKED))
    )
    assert world.owners == {"u1": ANA, "u2": ANA}


def test_f5_the_last_identify_of_a_uid_is_known_to_a_second_link_key_in_any_order() -> None:
    attic = (device("attic"),)
    said: list[Call] = [
        identify("u1", "ana", links=SOFA, at=day(7, hour=8)),
        *(identify("u2", "ana", links=SOFA, at=day(7, hour=9, minute=n)) for n in range(40)),
        identify("u1", "ana", at=day(7, hour=12)),
        identify("u2", "ana", at=day(7, hour=13)),
        page(uid="u3", links=attic, at=day(7, hour=11)),
    ]
    second_key = page(uid="u1", links=attic, at=day(8))
    assert given(second_key, *said).world.owners == {"u1": ANA, "u2": ANA, "u3": ANA}
    assert given(*said, second_key).world.owners == {"u1": ANA, "u2": ANA, "u3": ANA}
