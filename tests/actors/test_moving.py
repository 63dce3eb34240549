"""Slots move while calls are under way: in order, and no call waits for a host that is gone."""

import asyncio
from collections.abc import Callable

import pytest

from actors.agreed import Agreed, Desired
from actors.errors import HostUnreachable
from actors.lane import LaneLimits
from actors.parcels import APPLIED, Question, Reply, pack_reply, unpack_batch
from actors.placement import Placement, initial, spread
from actors.reading import Reading
from actors.router import Answer, Router
from domain.commands import Track
from tests.actors.deployment import Deployment, customer, send
from tests.controls.calls import identify, track

PATIENCE = 10


class Host:
    """Takes down what it is asked, and answers when it may; or it is gone."""

    def __init__(self, name: str, told: list[str]) -> None:
        self.name = name
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.is_gone = False
        self._told = told

    async def handle(self, batch: bytes) -> bytes:
        parcels = unpack_batch(batch).parcels
        for parcel in parcels:
            if not self.is_gone:
                assert isinstance(parcel.command, Track)
                self._told.append(f"{self.name}: {parcel.command.name}")
        await self.may_answer.wait()
        if self.is_gone:
            raise HostUnreachable(self.name, "it is gone")
        return pack_reply(Reply(1, [APPLIED] * len(parcels)))

    async def read(self, question: Question) -> tuple[str | None, bytes | None]:
        return None, f'{{"read by": "{self.name}", "id": "{question.id}"}}'.encode()


class World:
    """A router to hosts that come into being when they are named."""

    def __init__(self, deployment: Deployment, placement: Placement) -> None:
        self.told: list[str] = []
        self.hosts: dict[str, Host] = {}
        reading = Reading(deployment.store())
        self.router = Router(self.host, placement, reading, LaneLimits(batch=1))

    def host(self, name: str) -> Host:
        return self.hosts.setdefault(name, Host(name, self.told))

    def submit(self, name: str) -> asyncio.Task[Answer]:
        return asyncio.create_task(self.router.submit([track(name, uid="u1")]))

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not is_so():  # noqa: ASYNC110 - the loop itself is waited for
                await asyncio.sleep(0)


@pytest.fixture
def a() -> Placement:
    return initial(["a"])


@pytest.fixture
def b(a: Placement) -> Placement:
    return spread(a, ["b"])


async def test_the_old_host_finishes_before_the_new_one_is_sent_newer_calls(
    deployment: Deployment, a: Placement, b: Placement
) -> None:
    world = World(deployment, a)
    world.host("a").may_answer.clear()
    first, second = world.submit("1"), world.submit("2")
    await world.until(lambda: world.told == ["a: 1", "a: 2"])
    world.router.tell(b)
    third = world.submit("3")
    for _ in range(20):
        await asyncio.sleep(0)
    assert world.told == ["a: 1", "a: 2"]
    world.host("a").may_answer.set()
    await asyncio.gather(first, second, third)
    assert world.told == ["a: 1", "a: 2", "b: 3"]


async def test_slots_that_go_and_come_back_keep_their_order_and_nobody_waits_for_ever(
    deployment: Deployment, a: Placement, b: Placement
) -> None:
    world = World(deployment, a)
    world.host("a").may_answer.clear()
    calls = [world.submit("1")]
    await world.until(lambda: world.told == ["a: 1"])
    for number, placement in enumerate([b, spread(b, ["a"]), spread(spread(b, ["a"]), ["b"])]):
        world.router.tell(placement)
        calls.append(world.submit(str(number + 2)))
        await asyncio.sleep(0)
    world.host("a").may_answer.set()
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*calls)
    assert world.told == ["a: 1", "b: 2", "a: 3", "b: 4"]


async def test_calls_for_a_host_that_is_gone_for_good_go_to_its_successor(
    deployment: Deployment, a: Placement, b: Placement
) -> None:
    world = World(deployment, a)
    world.host("a").is_gone = True
    calls = [world.submit(str(number)) for number in (1, 2)]
    await asyncio.sleep(0)
    world.router.tell(b)
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*calls)
    assert world.told == ["b: 1", "b: 2"]


async def test_an_older_placement_changes_nothing(
    deployment: Deployment, a: Placement, b: Placement
) -> None:
    world = World(deployment, b)
    world.router.tell(a)
    await world.submit("1")
    assert world.told == ["b: 1"]
    assert await world.router.customer("c1") == {"read by": "b", "id": "c1"}


async def test_two_gateways_with_different_placements_do_no_harm(three: Deployment) -> None:
    """Both hosts decide for the same profiles, and every call counts once."""
    uid, cid = three.uid(0), three.cid(2)
    old, new = three.router(), three.router()
    new.tell(spread(spread(three.placement, ["host-1"]), ["host-0", "host-1", "host-2"]))
    calls = [track(f"{number}", uid=uid) for number in range(6)]
    await old.submit(calls[:2])
    await new.submit([identify(uid, cid), *calls[1:4]])
    await old.submit(calls[3:])
    await new.submit(calls)
    found = await old.customer(cid)
    assert found is not None
    assert found["activities"] == {f"{number}": 1 for number in range(6)}
    assert customer(three.hosts[1], cid)["activity_count"] == 6


def test_c3_a_host_with_an_old_placement_takes_what_a_gateway_names_it_for(
    three: Deployment,
) -> None:
    """Otherwise the two would send the call to and fro."""
    uid, cid = three.uid(0), three.cid(2)
    send(three.hosts[2], identify(uid, cid))
    assert send(three.hosts[1], track("A", uid=uid)) == [cid]
    assert send(three.hosts[1], track("A", uid=uid), hint=cid) == [0]


def test_what_is_agreed_on_changes_only_from_what_it_was(deployment: Deployment) -> None:
    first, second = (Agreed(deployment.store().backend) for _ in range(2))
    assert (first.placement(), first.desired()) == (None, None)
    placement = initial(["a", "b"])
    assert first.place(None, placement)
    assert not second.place(None, initial(["c"]))
    assert second.placement() == placement
    assert second.wish(lambda was: was or Desired(2)) == Desired(2)
    assert first.wish(lambda was: Desired(was.hosts + 1 if was else 1)) == Desired(3)
    assert second.desired() == Desired(3)
