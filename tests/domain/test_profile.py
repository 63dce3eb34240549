"""How each event changes a profile, and what cannot come next."""

import pytest

from domain import evolve, initial
from domain.errors import StreamOutOfOrder
from domain.events import CustomerSeen, Event, Folded, MergeRefused
from domain.identifiers import Cid, ProfileId, Uid
from domain.instants import day_of
from domain.origin import CID_ALONE, Origin
from tests.controls.events import (
    attributes_set,
    customer_born,
    merged,
    moment,
    tracked,
    visitor_born,
)
from tests.controls.times import day
from tests.given import SOMEBODY, profile_of


def test_an_empty_stream_is_nobody_yet() -> None:
    assert (initial(SOMEBODY).version, initial(SOMEBODY).id) == (0, SOMEBODY)


def test_a_stream_begins_with_a_birth() -> None:
    with pytest.raises(StreamOutOfOrder, match="ActivityTracked cannot come next on visitor:None"):
        profile_of(tracked("u1"))


@pytest.mark.parametrize("birth", [visitor_born("u1"), customer_born("c1")], ids=["uid", "cid"])
def test_nobody_is_born_twice(birth: Event) -> None:
    with pytest.raises(StreamOutOfOrder):
        profile_of(birth, birth)


def test_every_event_is_one_version() -> None:
    profile = profile_of(visitor_born("u1"), tracked("u1"), attributes_set("u1", {"plan": "pro"}))
    assert profile.version == 3
    assert str(profile) == "visitor:u1@3"


def test_every_event_is_remembered_by_its_message_id() -> None:
    events = (customer_born("c1"), tracked(None), attributes_set(None, {"plan": "pro"}))
    profile = profile_of(*events)
    assert all(event.moment.message_id in profile.seen for event in events)


def test_a_visitor_has_one_origin_and_its_total_is_that_origin() -> None:
    profile = profile_of(visitor_born("u1"), tracked("u1"), tracked("u1"))
    assert profile.total == profile.origin(Uid("u1"))
    assert list(profile.origins) == ["u1"]


def test_m5_a_customer_takes_a_contribution_in() -> None:
    brought = Origin().active("Clicked", day(1))
    profile = profile_of(customer_born("c1"), tracked(None, at=day(2)), merged("u1", brought))
    assert profile.owns(Uid("u1"))
    assert profile.origin(Uid("u1")) == brought
    assert profile.origins[CID_ALONE].first_seen == day(2)
    assert profile.total.first_seen == day(1)
    assert profile.total.activities["Clicked"] == 2


def test_m4_folding_closes_the_visitor() -> None:
    folded = Folded(moment(), cid=Cid("c1"), customer_id=ProfileId(int=2), rule="same_call")
    profile = profile_of(visitor_born("u1"), tracked("u1"), folded)
    assert profile.folded_into == "c1"
    assert profile.total.activities["Clicked"] == 1


def test_m4_nothing_comes_after_folded() -> None:
    folded = Folded(moment(), cid=Cid("c1"), customer_id=ProfileId(int=2), rule="same_call")
    with pytest.raises(StreamOutOfOrder):
        profile_of(visitor_born("u1"), folded, tracked("u1"))


def test_m8_being_seen_moves_the_day_and_only_forward() -> None:
    profile = profile_of(customer_born("c1"))
    for at in (day(4), day(6), day(5)):
        profile = evolve(profile, CustomerSeen(moment(at), uid=None, links=()))
    assert profile.last_identified_on == day_of(day(6))
    assert profile.total == Origin()


def test_m6_a_refusal_is_remembered_by_its_pair() -> None:
    refused = MergeRefused(moment(), uid=Uid("u1"), owner=Cid("c1"), claimed_by=Cid("c2"))
    profile = profile_of(customer_born("c2"), refused)
    assert profile.refused("merge_refused", "u1")
    assert not profile.refused("merge_refused", "u2")


def test_a_profile_is_never_changed_in_place() -> None:
    before = profile_of(visitor_born("u1"))
    after = evolve(before, tracked("u1"))
    assert (before.version, after.version) == (1, 2)
    assert before.total == Origin()
