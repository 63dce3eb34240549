"""Hosts on nodes whose clocks are minutes apart: calls bring their times, leases know none."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from actors.host import ProfileHost
from actors.parcels import APPLIED, DUPLICATE, UNAVAILABLE
from domain.commands import AnyCommand
from domain.document import Document
from store.location import VARIABLE
from tests.actors.deployment import Deployment, customer, send, without_version
from tests.controls.calls import device, identify, track
from tests.controls.databases import fresh_database
from tests.controls.times import day

TEN_MINUTES = 600.0
ALIKE = (0.0, 0.0)
APART = [(TEN_MINUTES, -TEN_MINUTES), (-TEN_MINUTES, TEN_MINUTES)]
PHONE = (device("phone"),)

Clocked = Callable[[Sequence[float]], Deployment]


@pytest.fixture(params=["sqlite", "postgres"])
def clocked(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Clocked]:
    """Make deployments of two hosts whose clocks are so many seconds ahead, each on a new store."""
    with ExitStack() as stack:

        def make(ahead: Sequence[float]) -> Deployment:
            environ = {}
            if request.param == "postgres":
                server = request.getfixturevalue("postgres_server")
                name = stack.enter_context(fresh_database(server))
                environ = {VARIABLE: server.address(name)}
            folder = tmp_path / f"ahead {ahead[0]:.0f}"
            folder.mkdir()
            deployment = Deployment(folder, hosts=2, environ=environ, ahead=ahead)
            stack.callback(deployment.close)
            return deployment

        yield make


def story(deployment: Deployment) -> list[AnyCommand]:
    """Tell of one person under two UIDs of different hosts, and of a claim of another.

    The latest plan is told before the earlier one, and to the other host.
    """
    first, second = deployment.uid(0), deployment.uid(1)
    cid, other = deployment.cid(1), deployment.cid(0)
    return [
        track("A", uid=first, links=PHONE, at=day(1), message_id="m1"),
        track("B", uid=second, links=PHONE, attributes={"plan": "pro"}, at=day(7), message_id="m2"),
        identify(second, cid, attributes={"plan": "free"}, links=PHONE, at=day(5), message_id="m3"),
        identify(first, other, at=day(8), message_id="m4"),
        track("C", uid=first, at=day(2), message_id="m5"),
    ]


async def told(deployment: Deployment) -> list[Document | None]:
    """Tell the story call by call, and show everybody."""
    router = deployment.router()
    for call in story(deployment):
        await router.submit([call])
    people = [await router.customer(deployment.cid(number)) for number in (1, 0)]
    people += [await router.visitor(deployment.uid(number)) for number in (0, 1)]
    return [without_version(person) for person in people]


def epochs(*hosts: ProfileHost) -> list[int]:
    return [host.epoch for host in hosts]


@pytest.mark.parametrize("ahead", APART)
async def test_people_are_the_same_whatever_the_hosts_clocks_say(
    clocked: Clocked, ahead: Sequence[float]
) -> None:
    apart, alike = clocked(ahead), clocked(ALIKE)
    people = await told(apart)
    assert people == await told(alike)
    assert people[0] is not None
    assert people[0]["attributes"]["plan"] == "pro"
    assert people[0]["uids"] == sorted([apart.uid(0), apart.uid(1)])
    assert apart.counted() == alike.counted()
    assert apart.counted()["refusals"] == 1


@pytest.mark.parametrize("ahead", APART)
def test_whoever_took_the_lease_last_writes_whatever_its_clock_says(
    clocked: Clocked, ahead: Sequence[float]
) -> None:
    deployment = clocked(ahead)
    old, later = deployment.hosts[0], deployment.new_host(0, clock_of=1)
    call = track(uid=deployment.uid(0))
    assert send(old, call) == [APPLIED]
    assert send(later, call, track(uid="u")) == [DUPLICATE, APPLIED]
    assert send(old, track(uid="u")) == [UNAVAILABLE]
    assert old.is_fenced
    assert epochs(old, later) == [1, 2]


@pytest.mark.parametrize("ahead", APART)
def test_a_uid_that_two_hosts_claim_belongs_to_who_was_first_in_the_log(
    clocked: Clocked, ahead: Sequence[float]
) -> None:
    """The second claim occurred earlier, and was recorded earlier too by its host's clock."""
    deployment = clocked(ahead)
    here, there = deployment.hosts
    uid, mine, yours = deployment.uid(0), deployment.cid(0), deployment.cid(1)
    assert send(here, track(uid=uid, at=day(1)), identify(uid, mine, at=day(3))) == [APPLIED] * 2
    assert send(there, identify(uid, yours, at=day(2))) == [APPLIED]
    assert customer(here, mine)["uids"] == [uid]
    assert customer(there, yours)["uids"] == []
    assert deployment.counted()["refusals"] == 1
    assert deployment.counted()["folds"] == 1
