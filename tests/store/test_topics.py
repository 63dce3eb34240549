"""Stored names and shapes are for ever (design D7): what is pinned here is in databases."""

import os

import pytest
from eventsourcing.persistence import StoredEvent

from domain.attributes import Register
from domain.draft import Recorded
from domain.events import (
    ActivityTracked,
    AliasRefused,
    AnyEvent,
    AttributesRefused,
    AttributesSet,
    CallRejected,
    Content,
    Contribution,
    CustomerBorn,
    CustomerSeen,
    Folded,
    LinkRefused,
    Merged,
    MergeRefused,
    Moment,
    Refusal,
    VisitorBorn,
)
from domain.identifiers import Cid, ProfileId, Uid
from domain.origin import Origin
from store.keyring import KEY_SIZE, ProfileCipher
from store.mapper import ProfileMapper
from store.shapes import Row
from store.topics import EVENTS, Topics

WHEN = ["m1", 1, 2, "web"]
MOMENT = Moment("m1", 1, 2, "web")
WHAT = ["u1", True, ["device:a"], b"{}", 3, 4, None, {"plan": b'"pro"'}]
CONTENT = Content(Uid("u1"), True, ("device:a",), b"{}", 3, 4, None, {"plan": b'"pro"'})  # noqa: FBT003 - by position, as stored
U1, C1, C2, ID = Uid("u1"), Cid("c1"), Cid("c2"), ProfileId(int=1)
ORIGIN = [
    {"groups": {"members": [b'"g1"']}, "plan": [1, "m1", b'"pro"']},
    1,
    2,
    {"Clicked": 3},
    ["device:a"],
    1,
    None,
]
BROUGHT = Contribution(
    Origin(
        {"groups": frozenset({b'"g1"'}), "plan": Register(1, "m1", b'"pro"')},
        1,
        2,
        {"Clicked": 3},
        frozenset({"device:a"}),
        1,
        None,
    ),
    ("m0", "m1"),
    (Refusal("link_key_crowded", "device:a", "m0", 1),),
)

SHAPES: dict[str, tuple[Row, AnyEvent]] = {
    "visitor_born.1": ([WHEN, "u1"], VisitorBorn(MOMENT, U1)),
    "customer_born.1": ([WHEN, "c1"], CustomerBorn(MOMENT, C1)),
    "tracked.1": ([WHEN, WHAT, "A", b"{}"], ActivityTracked(MOMENT, CONTENT, "A", b"{}")),
    "attributes_set.1": ([WHEN, WHAT], AttributesSet(MOMENT, CONTENT)),
    "customer_seen.1": ([WHEN, "u1", ["device:a"]], CustomerSeen(MOMENT, U1, ("device:a",))),
    "folded.1": ([WHEN, "c1", str(ID), "same_call"], Folded(MOMENT, C1, ID, "same_call")),
    "merged.1": (
        [
            WHEN,
            "u1",
            str(ID),
            2,
            [ORIGIN, ["m0", "m1"], [["link_key_crowded", "device:a", "m0", 1, ""]]],
            "alias",
        ],
        Merged(MOMENT, U1, ID, 2, BROUGHT, "alias"),
    ),
    "merge_refused.1": ([WHEN, "u1", "c1", "c2"], MergeRefused(MOMENT, U1, C1, C2)),
    "alias_refused.1": ([WHEN, "c1", "c2"], AliasRefused(MOMENT, C1, C2)),
    "attributes_refused.1": (
        [WHEN, "u1", {"plan": b'"pro"'}],
        AttributesRefused(MOMENT, U1, {"plan": b'"pro"'}),
    ),
    "link_refused.1": ([WHEN, "u1", "device:a"], LinkRefused(MOMENT, U1, "device:a")),
    "call_rejected.1": (
        [WHEN, "poison_id", "no", b"{"],
        CallRejected(MOMENT, "poison_id", "no", b"{"),
    ),
}

CIPHER = ProfileCipher(ID, os.urandom(KEY_SIZE))
MAPPER = ProfileMapper(lambda _: CIPHER, Topics())


def test_d7_every_topic_is_pinned() -> None:
    assert set(SHAPES) == set(EVENTS)


@pytest.mark.parametrize("topic", SHAPES)
def test_d7_what_is_stored_under_a_topic_is_read_the_same_for_ever(topic: str) -> None:
    row, event = SHAPES[topic]
    box = CIPHER.seal(1, topic, MAPPER.pack(row))
    assert MAPPER.to_domain_event(StoredEvent(ID, 1, topic, box)) == Recorded(ID, 1, event)


@pytest.mark.parametrize("topic", SHAPES)
def test_d7_what_is_written_has_the_shape_of_its_topic(topic: str) -> None:
    row, event = SHAPES[topic]
    stored = MAPPER.to_stored_event(Recorded(ID, 1, event))
    assert stored.topic == topic
    assert MAPPER.unpack(CIPHER.open(1, topic, stored.state)) == row


def test_d7_no_topic_is_an_import_path() -> None:
    for topic, kind in EVENTS.items():
        name, _, version = topic.rpartition(".")
        assert name.replace("_", "").isalpha(), topic
        assert int(version) >= 1
        assert kind.__module__ not in topic
