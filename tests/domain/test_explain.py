"""Why an attribute has its value, and why UIDs are together."""

from typing import Any

import pytest

from domain.attributes import Policies, Policy
from domain.errors import UnknownAttribute
from domain.explain import explain
from domain.identities import identities
from domain.instants import rfc3339
from domain.person import Person
from tests.controls.calls import device, group, identify, page, track
from tests.controls.past import events_of, person_then
from tests.controls.times import day
from tests.controls.world import Who, World, customer, visitor
from tests.given import given

ANA = customer("ana")
SOFA = (device("sofa"),)
POLICIES = Policies({"groups": Policy.UNION, "low": Policy.MIN, "high": Policy.MAX})


def person(world: World, who: Who = ANA) -> Person:
    """Give somebody as the log knows them now."""
    profile = world.profiles[who]
    return Person(profile, events_of(world, profile))


def explained(world: World, name: str, who: Who = ANA) -> dict[str, Any]:
    """Explain an attribute as it is now."""
    return explain(person(world, who), name, world.policies)


def values(writes: list[dict[str, Any]]) -> list[Any]:
    """List what was written, in the order told."""
    return [write["value"] for write in writes]


def test_the_write_that_won_is_told_whole() -> None:
    at, source = day(3), "shop"
    world = given(
        identify("u1", "ana", at=at, attributes={"plan": "pro"}, message_id="m1", source=source)
    ).world
    assert explained(world, "plan") == {
        "attribute": "plan",
        "policy": "latest",
        "value": "pro",
        "set_by": [
            {
                "value": "pro",
                "position": 5,
                "message_id": "m1",
                "source": "shop",
                "occurred_at": rfc3339(at),
                "recorded_at": rfc3339(at),
                "uid": "u1",
                "via": None,
            }
        ],
        "beaten": [],
        "refused": [],
    }


def test_the_beaten_are_told_newest_first_whatever_came_when() -> None:
    world = given(
        identify(cid="ana", at=day(2), attributes={"plan": "b"}),
        identify(cid="ana", at=day(9), attributes={"plan": "d"}),
        identify(cid="ana", at=day(1), attributes={"plan": "a"}),
        identify(cid="ana", at=day(3), attributes={"plan": "c"}),
    ).world
    told = explained(world, "plan")
    assert (values(told["set_by"]), values(told["beaten"])) == (["d"], ["c", "b", "a"])


def test_a_value_that_a_visitor_brought_names_its_merge() -> None:
    world = given(
        identify("u1", at=day(1), attributes={"plan": "free"}),
        page(uid="u1", links=SOFA, at=day(2)),
        identify("u2", "ana", links=SOFA, at=day(7), message_id="m7"),
    ).world
    [write] = explained(world, "plan")["set_by"]
    merged_at = 1 + next(
        n for n, r in enumerate(world.log) if type(r.event).__name__ == "Merged" and n > 6
    )
    assert write["via"] == {
        "rule": "link_key:device",
        "position": merged_at,
        "message_id": "m7",
        "occurred_at": rfc3339(day(7)),
    }
    assert explained(world, "plan", visitor("u1"))["set_by"][0]["via"] is None


@pytest.mark.parametrize(
    ("name", "expected", "beaten"), [("low", [1], [3, 2]), ("first_x", [2], [3, 1])]
)
def test_the_winner_is_the_policys(name: str, expected: list[int], beaten: list[int]) -> None:
    world = World(POLICIES)
    for at, value in ((1, 2), (2, 1), (3, 3)):
        world.send(identify(cid="ana", at=day(at), attributes={name: value}))
    told = explained(world, name)
    assert (values(told["set_by"]), values(told["beaten"])) == (expected, beaten)


def test_every_call_that_brought_a_member_of_a_union_set_it() -> None:
    world = given(group("g1", cid="ana", at=day(1)), group("g2", cid="ana", at=day(2))).world
    told = explained(world, "groups")
    assert told["value"] == ["g1", "g2"]
    assert (values(told["set_by"]), told["beaten"]) == ([["g2"], ["g1"]], [])


def test_a_removed_attribute_is_explained_by_its_removal() -> None:
    world = given(
        identify(cid="ana", at=day(1), attributes={"plan": "pro"}),
        identify(cid="ana", at=day(2), attributes={"plan": None}),
    ).world
    told = explained(world, "plan")
    assert told["value"] is None
    assert (values(told["set_by"]), values(told["beaten"])) == ([None], ["pro"])


def test_what_had_not_occurred_yet_beats_nobody() -> None:
    world = given(
        identify(cid="ana", at=day(1), attributes={"plan": "free"}),
        identify(cid="ana", at=day(5), attributes={"plan": "pro"}),
    ).world
    then = person_then(world, ANA, day(4))
    assert then is not None
    told = explain(then, "plan", world.policies)
    assert (told["value"], told["beaten"]) == ("free", [])


def test_another_customers_attribute_is_unknown() -> None:
    world = given(
        identify("u1", "ana", attributes={"a": 1}), identify("u1", "ben", attributes={"plan": "x"})
    ).world
    with pytest.raises(UnknownAttribute, match=r"Expected an attribute .* got 'plan'"):
        explained(world, "plan")
    assert explained(world, "plan", customer("ben"))["value"] == "x"


def test_each_uid_says_since_when_and_by_which_call_it_belongs() -> None:
    world = given(
        identify("u2", "ana", links=SOFA, at=day(7), message_id="m7"),
        page(uid="u1", links=SOFA, at=day(1), message_id="m1"),
    ).world
    told = identities(person(world))
    assert [told.pop("kind"), told.pop("cid")] == ["customer", "ana"]
    first, second = told["uids"]
    assert (first["uid"], first["rule"], first["message_id"]) == ("u2", "same_call", "m7")
    assert (second["uid"], second["rule"], second["message_id"]) == ("u1", "link_key:device", "m1")
    assert (second["since"], second["occurred_at"]) == (rfc3339(day(7)), rfc3339(day(1)))
    assert (second["links"], second["first_seen"]) == (["device:sofa"], rfc3339(day(1)))
    assert second["source"] == "web"


def test_an_unclaimed_visitor_is_tied_to_nobody_and_refusals_are_listed() -> None:
    world = given(
        identify("u1", "ana", at=day(1)),
        track(uid="u1", cid="ben", at=day(2)),
        page(uid="u3", links=SOFA, at=day(2)),
    ).world
    alone = identities(person(world, visitor("u3")))
    known = {"uid": "u3", "links": ["device:sofa"], "first_seen": rfc3339(day(2))}
    assert alone == {"kind": "visitor", "uid": "u3", "uids": [known], "refusals": []}
    refused = identities(person(world, customer("ben")))
    assert refused["uids"] == []
    assert [refusal["code"] for refusal in refused["refusals"]] == ["merge_refused"]


def test_a_visitor_of_the_past_had_come_by_no_merge_yet() -> None:
    world = given(
        page(uid="u1", at=day(1)),
        identify("u1", "ana", at=day(7)),
        identify("u1", at=day(2), attributes={"plan": "free"}),
    ).world
    then = person_then(world, visitor("u1"), day(3))
    assert then is not None
    [write] = explain(then, "plan", world.policies)["set_by"]
    assert (write["value"], write["via"]) == ("free", None)
