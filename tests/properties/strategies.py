"""What anybody may send, for Hypothesis to choose from.

Pools are small on purpose: few ids, link keys, names and moments meet each other often.
"""

from typing import NamedTuple

import msgspec
from hypothesis import settings
from hypothesis import strategies as st

from domain.attributes import Policies, Policy
from domain.commands import Call
from tests.controls.calls import alias, device, group, identify, page, track
from tests.controls.times import day
from tests.controls.world import World

LAWS = settings(max_examples=200, deadline=None)
"""How hard a law is tried; a failure prints the blob that repeats it."""

INVARIANTS = settings(max_examples=100, deadline=None)
"""How hard we look for a state that must never be."""

PROMISES = settings(max_examples=400, deadline=None)
"""How hard the promise to the outside is tried (rule F5)."""

POLICIES = Policies({"groups": Policy.UNION, "low": Policy.MIN, "high": Policy.MAX})
NAMES = ["plan", "low", "high", "first_touch", "groups"]
"""One attribute for each policy."""

ONE_PERSON = ["c"]
SEVERAL_PEOPLE = ["c", "ana", "ben"]

UIDS = ["u1", "u2", "u3", "u4", "c"]
"""The last one is a CID too: careless clients send one id as both."""

LINKS = [device("phone"), device("sofa"), "email:hash"]
MOMENTS = [
    *(day(1), day(1, hour=1), day(1, hour=2), day(1, hour=3)),
    *(day(2), day(2, hour=1), day(3) - 1, day(3)),
]

json_values = st.sampled_from(
    [None, True, False, 0, 1, 1.0, 2, -1.5, "", "x", "y", [], ["x"], ["y", 1], {"a": 1, "b": 2}]
)
attributes = st.dictionaries(st.sampled_from(NAMES), json_values, min_size=1, max_size=3)
moments = st.sampled_from(MOMENTS)
links = st.lists(st.sampled_from(LINKS), max_size=2, unique=True).map(tuple)


def anybodys_call(cids: list[str]) -> st.SearchStrategy[Call]:
    """Choose a call that names one of these CIDs, a UID, or both."""
    uid, cid, nobody = st.sampled_from(UIDS), st.sampled_from(cids), st.none()
    kinds: list[st.SearchStrategy[Call]] = [
        st.builds(track, activity, uid=who, cid=named, at=moments, links=links)
        for activity in [st.sampled_from(["A", "B", "$page"])]
        for who, named in [(uid, nobody), (uid, cid), (nobody, cid)]
    ]
    kinds += [
        st.builds(identify, who, named, attributes=values, at=moments, links=links)
        for values in [st.none(), attributes]
        for who, named in [(uid, nobody), (uid, cid), (nobody, cid)]
    ]
    kinds += [
        st.builds(group, st.sampled_from("gh"), uid=uid, cid=nobody | cid, at=moments, links=links),
        st.builds(alias, uid, cid, uid=nobody | uid, at=moments, links=links),
    ]
    return st.one_of(kinds)


def linking_call(cid: str) -> st.SearchStrategy[Call]:
    """Choose a call of those that one link key turns on, all of them on one day."""
    uid, nobody, pair = st.sampled_from(UIDS[:3]), st.none(), st.just(cid)
    hour = st.sampled_from(MOMENTS[:4])
    key, perhaps = st.just((LINKS[0],)), st.sampled_from([(), (), (LINKS[0],)])
    return st.one_of(
        st.builds(page, uid=uid, at=hour, links=key),
        st.builds(page, uid=uid, cid=nobody | pair, at=hour, links=perhaps),
        st.builds(identify, uid, pair, at=hour, links=perhaps),
        st.builds(alias, uid, pair, uid=nobody | uid, at=hour, links=perhaps),
    )


def calls_of(cids: list[str]) -> st.SearchStrategy[list[Call]]:
    """Choose calls about these people, each with a message id of its own."""
    return numbered(anybodys_call(cids))


def numbered(call: st.SearchStrategy[Call], *, least: int = 1) -> st.SearchStrategy[list[Call]]:
    """Choose some such calls, each with a message id of its own."""
    return st.lists(call, min_size=least, max_size=10).map(
        lambda calls: [
            msgspec.structs.replace(call, message_id=f"m{n:02}") for n, call in enumerate(calls)
        ]
    )


class Delivery(NamedTuple):
    """The same calls twice: as they were said, and in the batches that arrived."""

    said: list[Call]
    arrived: list[list[Call]]


@st.composite
def deliveries(draw: st.DrawFn, calls: st.SearchStrategy[list[Call]]) -> Delivery:
    """Shuffle calls, repeat some of them, and split them over any batches."""
    said = draw(calls)
    again = draw(st.lists(st.sampled_from(said), max_size=4))
    left = draw(st.permutations([*said, *again]))
    arrived: list[list[Call]] = []
    while left:
        size = draw(st.integers(1, len(left)))
        arrived.append(left[:size])
        left = left[size:]
    return Delivery(said, arrived)


def world_of(*batches: list[Call]) -> World:
    """Send each batch as one transaction."""
    world = World(POLICIES)
    for batch in batches:
        world.send(*batch, batch=len(batch))
    return world


def one_by_one(calls: list[Call]) -> World:
    """Send each call as a transaction of its own."""
    return world_of(*([call] for call in calls))
