"""The profile as people and programs see it (rule F5)."""

import hashlib

import msgspec
import pytest

from domain import digest, document
from domain.commands import Call
from tests.controls.calls import device, identify, page, track
from tests.controls.times import day
from tests.controls.world import World, customer, visitor
from tests.given import given


def known() -> World:
    return given(
        page(uid="u2", at=day(1, hour=1.5), links=(device("sofa"),)),
        page(uid="u1", at=day(2)),
        identify("u2", "c1", attributes={"plan": "pro", "old": None}, at=day(3)),
        identify("u1", "c1", attributes={"city": "Oslo"}, at=day(4)),
        track("Bought", cid="c1", at=day(5, second=0.000001)),
    ).world


def test_the_document_of_a_customer_has_exactly_these_keys() -> None:
    world = known()
    shown = world.document_of_customer("c1")
    assert shown == {
        "kind": "customer",
        "cid": "c1",
        "uids": ["u1", "u2"],
        "attributes": {"city": "Oslo", "plan": "pro"},
        "first_seen": "2024-01-01T01:30:00.000000Z",
        "last_seen": "2024-01-05T00:00:00.000001Z",
        "activity_count": 3,
        "activities": {"$page": 2, "Bought": 1},
        "refusals": [],
        "last_identified_on": "2024-01-04",
        "version": 6,
        "digest": digest(world.profile(customer("c1"))),
    }


def test_the_document_of_a_visitor_has_exactly_these_keys() -> None:
    world = given(page(uid="u1", at=day(2))).world
    assert world.document_of_visitor("u1") == {
        "kind": "visitor",
        "uid": "u1",
        "uids": ["u1"],
        "attributes": {},
        "first_seen": "2024-01-02T00:00:00.000000Z",
        "last_seen": "2024-01-02T00:00:00.000000Z",
        "activity_count": 1,
        "activities": {"$page": 1},
        "refusals": [],
        "version": 2,
        "digest": digest(world.profile(visitor("u1"))),
    }


def test_c3_a_folded_uid_answers_with_its_customer_and_says_so() -> None:
    world = known()
    by_uid, by_cid = world.document_of_visitor("u2"), world.document_of_customer("c1")
    assert by_uid == {**by_cid, "folded_from": "u2"}
    assert "folded_from" not in by_cid


def test_a_customer_never_identified_was_identified_on_no_day() -> None:
    shown = given(track(cid="c1")).world.document_of_customer("c1")
    assert shown["last_identified_on"] is None


def test_refusals_are_listed_in_one_order() -> None:
    world = given(
        identify("u1", "c1"),
        identify("u2", "c1"),
        track(uid="u2", cid="c2"),
        track(uid="u1", cid="c2"),
    ).world
    subjects = [refusal["subject"] for refusal in world.document_of_customer("c2")["refusals"]]
    assert subjects == ["u1", "u2"]


def test_f5_the_digest_is_the_sha_256_of_the_canonical_document() -> None:
    shown = known().document_of_customer("c1")
    told = shown.pop("digest")
    del shown["version"]
    canonical = msgspec.json.encode(shown, order="sorted")
    assert told == hashlib.sha256(canonical).hexdigest()


def test_f5_how_many_events_it_took_does_not_change_the_digest() -> None:
    once = given(identify(cid="c1", attributes={"plan": "pro"}, at=day(3))).world
    thrice = given(
        *(identify(cid="c1", attributes={"plan": "pro"}, at=day(n)) for n in (1, 2, 3))
    ).world
    first, second = once.document_of_customer("c1"), thrice.document_of_customer("c1")
    assert first["version"] != second["version"]
    assert first["digest"] == second["digest"]


@pytest.mark.parametrize(
    "other",
    [
        identify(cid="c1", attributes={"plan": "pro"}, at=day(4)),
        identify(cid="c1", attributes={"plan": 1}, at=day(3)),
        identify("u1", "c1", attributes={"plan": "pro"}, at=day(3)),
        identify(cid="c2", attributes={"plan": "pro"}, at=day(3)),
        track(cid="c1", attributes={"plan": "pro"}, at=day(3)),
    ],
    ids=["another day", "another value", "with a UID", "another CID", "an activity"],
)
def test_f5_whatever_else_differs_does(other: Call) -> None:
    one = given(identify(cid="c1", attributes={"plan": "pro"}, at=day(3))).world
    two = given(other).world
    digests = {
        digest(profile)
        for world in (one, two)
        for profile in world.profiles.values()
        if profile.cid is not None
    }
    assert len(digests) == 2


def test_a_document_is_plain_json() -> None:
    shown = known().document_of_customer("c1")
    assert msgspec.json.decode(msgspec.json.encode(shown)) == shown


def test_a_document_shows_a_profile_without_changing_it() -> None:
    profile = known().profile(customer("c1"))
    assert document(profile) == document(profile)
