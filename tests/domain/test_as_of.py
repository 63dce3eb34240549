"""A person as of an hour: where arrival sets traps (decision 0020)."""

from itertools import permutations
from typing import TYPE_CHECKING

from domain.document import Document, document
from domain.events import Merged
from domain.identifiers import Uid
from domain.instants import Instant, rfc3339
from tests.controls.calls import alias, device, identify, page, track
from tests.controls.past import then
from tests.controls.times import day
from tests.controls.world import World, customer, visitor
from tests.given import given

if TYPE_CHECKING:
    from domain.commands import Call

SOFA = (device("sofa"),)


def shown(world: World, who: str, at: Instant) -> Document | None:
    """Show `customer:CID` or `visitor:UID` as of a moment."""
    kind, _, value = who.partition(":")
    profile = then(world, (customer if kind == "customer" else visitor)(value), at)
    return None if profile is None else document(profile)


def uids(world: World, at: Instant, cid: str = "ana") -> list[str] | None:
    """List whom a customer had folded by then; None before it was known."""
    found = shown(world, f"customer:{cid}", at)
    return None if found is None else found["uids"]


def test_nobody_is_known_before_the_first_call() -> None:
    world = given(page(uid="u1", at=day(2)), identify("u1", "ana", at=day(3))).world
    assert shown(world, "visitor:u1", day(2) - 1) is None
    assert shown(world, "customer:ana", day(3) - 1) is None
    assert shown(world, "customer:ana", day(3)) is not None


def test_a_folded_visitor_is_a_visitor_again_before_its_fold() -> None:
    world = given(
        page(uid="u1", at=day(1)),
        page(uid="u1", at=day(2)),
        identify("u1", "ana", at=day(3), attributes={"plan": "pro"}),
        track("Bought", uid="u1", at=day(4)),
    ).world
    before = shown(world, "visitor:u1", day(2))
    assert before is not None
    assert (before["kind"], before["activity_count"], before["attributes"]) == ("visitor", 2, {})
    assert before["last_seen"] == rfc3339(day(2))
    after = shown(world, "visitor:u1", day(3))
    assert after is not None
    assert (after["kind"], after["cid"], after["activity_count"]) == ("customer", "ana", 2)


def test_a_contribution_does_not_bring_what_had_not_happened_yet() -> None:
    world = given(
        page(uid="u1", at=day(1)),
        page(uid="u1", at=day(9)),
        identify("u1", "ana", at=day(3)),
    ).world
    found = shown(world, "customer:ana", day(3))
    assert found is not None
    assert (found["activity_count"], found["last_seen"]) == (1, rfc3339(day(1)))


def test_a_late_activity_folds_at_the_identify_and_not_before() -> None:
    world = given(
        identify("u2", "ana", links=SOFA, at=day(7)),
        page(uid="u1", links=SOFA, at=day(1)),
    ).world
    merge = next(r.event for r in world.log if isinstance(r.event, Merged) and r.event.uid == "u1")
    assert merge.moment.occurred_at == day(1)
    assert uids(world, day(7) - 1) is None
    assert uids(world, day(7)) == ["u1", "u2"]
    assert (shown(world, "visitor:u1", day(7) - 1) or {})["kind"] == "visitor"


def test_a_link_key_that_the_identified_uid_shows_later_ties_only_then() -> None:
    calls: tuple[Call, ...] = (
        page(uid="u1", links=SOFA, at=day(1)),
        identify("u2", "ana", at=day(7), attributes={"plan": "pro"}),
        page(uid="u2", links=SOFA, at=day(9)),
    )
    for order in permutations(calls):
        world = given(*order).world
        assert uids(world, day(9) - 1) == ["u2"]
        assert uids(world, day(9)) == ["u1", "u2"]


def test_a_link_key_that_the_visitor_shows_later_ties_only_then() -> None:
    world = given(
        page(uid="u1", at=day(1)),
        identify("u2", "ana", links=SOFA, at=day(7)),
        page(uid="u1", links=SOFA, at=day(9)),
    ).world
    assert uids(world, day(9) - 1) == ["u2"]
    assert uids(world, day(9)) == ["u1", "u2"]


def test_a_visitor_that_came_between_two_identifies_belongs_from_the_second_on() -> None:
    world = given(
        identify("u2", "ana", links=SOFA, at=day(7), attributes={"a": 1}),
        identify("u2", "ana", links=SOFA, at=day(9), attributes={"a": 2}),
        page(uid="u1", links=SOFA, at=day(8)),
    ).world
    assert uids(world, day(9) - 1) == ["u2"]
    assert uids(world, day(9)) == ["u1", "u2"]


def test_an_alias_counts_from_its_hour() -> None:
    world = given(page(uid="u1", at=day(1)), alias("u1", "ana", at=day(3))).world
    assert uids(world, day(3) - 1) is None
    assert uids(world, day(3)) == ["u1"]


def test_an_identify_that_no_event_tells_of_counts_from_the_call_that_recorded_the_fold() -> None:
    world = given(
        identify("u2", "ana", links=SOFA, at=day(7, hour=8)),
        identify("u2", "ana", links=SOFA, at=day(7, hour=12)),
        page(uid="u1", links=SOFA, at=day(7, hour=10)),
    ).world
    assert world.owners.keys() == {Uid("u1"), Uid("u2")}
    assert uids(world, day(7, hour=10) - 1) == ["u2"]
    assert uids(world, day(7, hour=10)) == ["u1", "u2"]


def test_the_last_day_of_an_identify_is_the_last_by_then() -> None:
    world = given(
        identify("u1", "ana", at=day(3)),
        identify("u1", "ana", at=day(5)),
        track(uid="u1", cid="ana", at=day(8)),
    ).world
    days = [
        (shown(world, "customer:ana", day(n)) or {})["last_identified_on"] for n in (3, 4, 6, 9)
    ]
    assert days == ["2024-01-03", "2024-01-03", "2024-01-05", "2024-01-05"]


def test_a_refusal_is_there_once_it_had_occurred() -> None:
    world = given(
        identify("u1", "ana", at=day(1)),
        identify("u1", "ben", at=day(3)),
        identify("u1", "ben", at=day(4)),
        identify(cid="ben", at=day(2), attributes={"a": 1}),
    ).world
    counts = [len((shown(world, "customer:ben", day(n)) or {})["refusals"]) for n in (2, 3, 5)]
    assert counts == [0, 1, 1]


def test_what_a_customer_never_folded_stays_out() -> None:
    world = given(
        page(uid="u1", links=SOFA, at=day(1)),
        identify("u1", "ana", at=day(2)),
        identify("u2", "ben", links=SOFA, at=day(7)),
    ).world
    assert uids(world, day(9), "ben") == ["u2"]
    assert uids(world, day(9)) == ["u1"]
