"""However calls arrive, and however many hosts there are, people come out the same (rule F5)."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from domain.commands import Call
from domain.document import Document
from tests.actors.deployment import Deployment, InProcess, OnThreads, deployed, without_version
from tests.controls.world import World
from tests.store.effort import SOME_UNSHRUNK
from tests.store.journeys import journeys

Requests = list[list[Call]]


@st.composite
def arrivals(draw: st.DrawFn, calls: list[Call]) -> Requests:
    """Shuffle calls, repeat some of them, and split them over any requests."""
    again = draw(st.lists(st.sampled_from(calls), max_size=10))
    left = draw(st.permutations([*calls, *again]))
    requests = []
    while left:
        size = draw(st.integers(1, len(left)))
        requests.append(left[:size])
        left = left[size:]
    return requests


async def send(deployment: Deployment, requests: Requests, *, at_once: bool) -> None:
    """Send requests through one router, one after the other or all in one moment."""
    router = deployment.router(OnThreads if at_once else InProcess)
    if at_once:
        await asyncio.gather(*(router.submit(request) for request in requests))
    else:
        for request in requests:
            await router.submit(request)


async def people(deployment: Deployment, calls: list[Call]) -> dict[str, Document | None]:
    """Show everybody that the calls name."""
    router = deployment.router()
    uids = sorted({call.uid for call in calls if call.uid is not None})
    cids = sorted({call.cid for call in calls if call.cid is not None})
    return {f"visitor {uid}": without_version(await router.visitor(uid)) for uid in uids} | {
        f"customer {cid}": without_version(await router.customer(cid)) for cid in cids
    }


def people_of(world: World, calls: list[Call]) -> dict[str, Document | None]:
    """Show everybody in a world the same way."""
    uids = sorted({call.uid for call in calls if call.uid is not None})
    cids = sorted({call.cid for call in calls if call.cid is not None})
    return {f"visitor {uid}": without_version(world.document_of_visitor(uid)) for uid in uids} | {
        f"customer {cid}": without_version(world.document_of_customer(cid)) for cid in cids
    }


@SOME_UNSHRUNK
@given(st.data())
async def test_f5_any_arrival_at_one_host_and_at_three_makes_the_same_people(
    data: st.DataObject,
) -> None:
    calls = data.draw(journeys(longest=30), label="calls")
    first = data.draw(arrivals(calls), label="at one host")
    second = data.draw(arrivals(calls), label="at three hosts")
    third = data.draw(arrivals(calls), label="at three hosts, all at once")
    world = World()
    world.send(*calls)
    expected = people_of(world, calls)
    with deployed(1) as one, deployed(3, live_profiles=2) as three, deployed(3) as crowded:
        for deployment, requests, at_once in (
            (one, first, False),
            (three, second, False),
            (crowded, third, True),
        ):
            await send(deployment, requests, at_once=at_once)
            assert await people(deployment, calls) == expected
            counted = deployment.counted()
            assert counted.get("activities", 0) == world.tallies["activities"]
            assert counted.get("visitors", 0) == world.tallies["visitors"]
            assert counted.get("folds", 0) == world.tallies["folds"]
