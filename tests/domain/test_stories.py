"""What Onefold means by identity, told as stories (semantics, section 8)."""

from statistics import median
from time import perf_counter

import pytest

from domain import Outcome
from domain.events import Merged, MergeRefused
from tests.controls.calls import device, identify, page, track
from tests.controls.times import day
from tests.controls.world import Conflict, World, customer, visitor

PHONE = (device("phone"),)


def test_story_1_day_1_day_3_and_day_7_become_one_customer() -> None:
    world = World()
    world.send(page("/pricing", uid="u1", links=PHONE, at=day(1)))
    world.send(page("/pricing", uid="u2", links=PHONE, at=day(3)))
    world.send(identify("u2", "c", links=PHONE, attributes={"plan": "pro"}, at=day(7)))
    world.send(track("Signed up", uid="u2", cid="c", links=PHONE, at=day(7)))
    shown = world.document_of_customer("c")
    assert shown["uids"] == ["u1", "u2"]
    assert shown["first_seen"] == "2024-01-01T00:00:00.000000Z"
    assert shown["activities"] == {"$page": 2, "Signed up": 1}
    assert world.tallies["folds"] == 2
    assert world.tallies["visitors"] == 0
    assert world.document_of_visitor("u1")["folded_from"] == "u1"


def test_story_2_two_people_who_reset_between_them_stay_two() -> None:
    world = World()
    world.send(page(uid="u1", links=PHONE, at=day(1)))
    world.send(identify("u1", "ana", links=PHONE, attributes={"name": "Ana"}, at=day(1, hour=1)))
    after_reset = (device("phone, anew"),)
    world.send(page(uid="u2", links=after_reset, at=day(2)))
    world.send(identify("u2", "ben", links=after_reset, attributes={"name": "Ben"}, at=day(3)))
    ana, ben = world.document_of_customer("ana"), world.document_of_customer("ben")
    assert (ana["uids"], ana["attributes"], ana["activity_count"]) == (["u1"], {"name": "Ana"}, 1)
    assert (ben["uids"], ben["attributes"], ben["activity_count"]) == (["u2"], {"name": "Ben"}, 1)
    assert world.tallies["refusals"] == 0


def test_story_3_without_a_reset_nothing_crosses_silently() -> None:
    world = World()
    world.send(page(uid="u1", links=PHONE, at=day(1)))
    world.send(identify("u1", "c1", links=PHONE, attributes={"name": "Ana"}, at=day(1, hour=1)))
    world.send(identify("u1", "c2", links=PHONE, attributes={"name": "Ben"}, at=day(2)))
    world.send(track("Bought", uid="u1", cid="c2", links=PHONE, at=day(2, hour=1)))
    ana, ben = world.document_of_customer("c1"), world.document_of_customer("c2")
    assert (ana["uids"], ana["attributes"], ana["activities"]) == (
        ["u1"],
        {"name": "Ana"},
        {"$page": 1},
    )
    assert (ben["uids"], ben["attributes"], ben["activities"]) == (
        [],
        {"name": "Ben"},
        {"Bought": 1},
    )
    refusals = [e for e in world.events(customer("c2")) if isinstance(e, MergeRefused)]
    assert [(e.uid, e.owner) for e in refusals] == [("u1", "c1")]


def test_story_4_the_identify_first_and_day_1_last_of_all_is_the_same_person() -> None:
    calls = (
        page(uid="u1", links=PHONE, at=day(1)),
        page(uid="u2", links=PHONE, at=day(3)),
        page(uid="u2", links=PHONE, at=day(5)),
        identify("u2", "c", links=PHONE, attributes={"plan": "pro"}, at=day(7)),
    )
    in_order, reversed_ = World(), World()
    in_order.send(*calls)
    reversed_.send(*reversed(calls))
    assert in_order.people() == reversed_.people()
    assert in_order.document_of_customer("c")["uids"] == ["u1", "u2"]


@pytest.mark.parametrize("batch", [1, 2, 4])
def test_story_5_a_batch_sent_three_times_is_counted_once(batch: int) -> None:
    calls = (
        page(uid="u1", links=PHONE, at=day(1)),
        page(uid="u2", links=PHONE, at=day(3)),
        identify("u2", "c", links=PHONE, attributes={"plan": "pro"}, at=day(7)),
        track("Signed up", uid="u2", cid="c", at=day(7)),
    )
    once, thrice = World(), World()
    once.send(*calls)
    assert thrice.send(*calls, batch=batch) == [Outcome.APPLIED] * 4
    assert thrice.send(*calls, *calls, batch=batch) == [Outcome.DUPLICATE] * 8
    assert once.people() == thrice.people()
    assert len(once.log) == len(thrice.log)


def test_story_6_two_servers_identify_one_uid_at_once_and_exactly_one_owns_it() -> None:
    world = World()
    world.send(page(uid="u1", at=day(1)))
    as_c1, as_c2 = identify("u1", "c1", at=day(2)), identify("u1", "c2", at=day(2))
    here, there = world.attempt(), world.attempt()
    assert [here.do(as_c1), there.do(as_c2)] == [Outcome.APPLIED, Outcome.APPLIED]

    world.commit(here)
    with pytest.raises(Conflict):
        world.commit(there)
    assert customer("c2") not in world.profiles, "nothing of a lost race is durable"

    assert world.send(as_c2) == [Outcome.APPLIED]
    assert world.document_of_customer("c1")["uids"] == ["u1"]
    assert world.document_of_customer("c2")["uids"] == []
    assert [r["subject"] for r in world.document_of_customer("c2")["refusals"]] == ["u1"]


def test_story_6_two_servers_bear_one_visitor_and_only_one_birth_is_durable() -> None:
    world = World()
    first, second = page(uid="u1", at=day(1)), page(uid="u1", at=day(2))
    here, there = world.attempt(), world.attempt()
    here.do(first)
    there.do(second)
    world.commit(here)
    with pytest.raises(Conflict):
        world.commit(there)
    world.send(second)
    assert world.document_of_visitor("u1")["activity_count"] == 2


def test_story_6_an_identify_and_a_late_activity_race_for_a_link_key() -> None:
    world = World()
    late = page(uid="u1", links=PHONE, at=day(1))
    here, there = world.attempt(), world.attempt()
    here.do(identify("u2", "c", links=PHONE, at=day(7)))
    there.do(late)
    world.commit(here)
    with pytest.raises(Conflict):
        world.commit(there)
    world.send(late)
    assert world.document_of_customer("c")["uids"] == ["u1", "u2"]


FOLDS, THOUSAND = 10_000, 1_000


@pytest.mark.slow
def test_story_7_ten_thousand_uids_identified_as_one_cid() -> None:
    world, took = World(), []
    for n in range(FOLDS):
        links = (device(str(n)),)
        world.send(page(uid=f"u{n:05}", links=links, at=day(1, second=n)))
        call = identify(f"u{n:05}", "c", links=links, attributes={"n": n}, at=day(2, second=n))
        began = perf_counter()
        world.send(call)
        took.append(perf_counter() - began)

    first, last = median(took[:THOUSAND]), median(took[-THOUSAND:])
    assert last < 8 * first, f"a fold took {first:.6f} s at first and {last:.6f} s at last"

    profile = world.profile(customer("c"))
    assert (len(profile.visitors), len(profile.origins)) == (FOLDS, FOLDS)
    assert len(profile.total.attributes) == 1
    assert len(profile.total.activities) == 1
    assert len(profile.seen.young) + len(profile.seen.old) <= 20_000

    began = perf_counter()
    shown = world.document_of_customer("c")
    assert perf_counter() - began < 1
    assert (len(shown["uids"]), shown["activity_count"]) == (FOLDS, FOLDS)
    assert shown["attributes"] == {"n": FOLDS - 1}
    assert [type(e) for e in world.events(customer("c"))].count(Merged) == FOLDS
    assert world.profile(visitor("u00000")).folded_into == "c"
