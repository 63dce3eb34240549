"""The stories of semantics section 8, through hosts over a file, restarted in between."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.router import Answer
from domain.commands import AnyCommand
from domain.document import Document
from tests.actors.deployment import Deployment, without_version
from tests.controls.calls import device, identify, page, track
from tests.controls.times import day

PHONE = (device("phone"),)


class Told:
    """A deployment that is told a story, call by call, and may forget all but its store."""

    def __init__(self, deployment: Deployment, *, forgetful: bool) -> None:
        self._deployment = deployment
        self._forgetful = forgetful
        self._router = deployment.router()

    async def send(self, *commands: AnyCommand) -> Answer:
        """Send one request."""
        if self._forgetful:
            self._deployment.restart()
            self._router = self._deployment.router()
        return await self._router.submit(commands)

    async def customer(self, cid: str) -> Document:
        """Show a customer that is there."""
        document = await self._router.customer(cid)
        assert document is not None
        return document

    async def visitor(self, uid: str) -> Document:
        """Show whom a UID that is there belongs to."""
        document = await self._router.visitor(uid)
        assert document is not None
        return document

    async def timeline(self, cid: str) -> list[Any]:
        """List a customer's activities as (UID, name), newest first."""
        page = await self._router.timeline("customer", cid, 100, None)
        assert page is not None
        return [(entry["uid"], entry["name"]) for entry in page["activities"]]

    def counted(self) -> dict[str, int]:
        """Give the counters that are not zero."""
        return self._deployment.counted()


@pytest.fixture(params=[(1, False), (3, False), (3, True)], ids=["one host", "three", "restarted"])
def told(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Told]:
    hosts, forgetful = request.param
    deployment = Deployment(tmp_path, hosts)
    yield Told(deployment, forgetful=forgetful)
    deployment.close()


async def test_story_1_day_1_day_3_and_day_7_become_one_customer(told: Told) -> None:
    await told.send(page(uid="u1", links=PHONE, at=day(1)))
    await told.send(page(uid="u2", links=PHONE, at=day(3)))
    await told.send(
        identify("u2", "c1", links=PHONE, attributes={"plan": "pro"}, at=day(7)),
        track("Signed up", uid="u2", cid="c1", links=PHONE, at=day(7)),
    )
    ana = await told.customer("c1")
    assert ana["uids"] == ["u1", "u2"]
    assert ana["first_seen"] == "2024-01-01T00:00:00.000000Z"
    assert ana["last_seen"] == "2024-01-07T00:00:00.000000Z"
    assert ana["activities"] == {"$page": 2, "Signed up": 1}
    assert await told.timeline("c1") == [("u2", "Signed up"), ("u2", "$page"), ("u1", "$page")]
    for uid in ("u1", "u2"):
        assert await told.visitor(uid) == {**ana, "folded_from": uid}
    assert told.counted() == {"activities": 3, "customers": 1, "folds": 2}


async def test_story_2_two_people_who_reset_between_them_stay_two(told: Told) -> None:
    await told.send(page(uid="u1", links=PHONE, at=day(1)))
    await told.send(identify("u1", "c1", links=PHONE, attributes={"name": "Ana"}, at=day(2)))
    anew = (device("after the reset"),)
    await told.send(page(uid="u2", links=anew, at=day(3)))
    await told.send(identify("u2", "c2", links=anew, attributes={"name": "Ben"}, at=day(4)))
    ana, ben = await told.customer("c1"), await told.customer("c2")
    assert (ana["uids"], ana["attributes"], ana["activity_count"]) == (["u1"], {"name": "Ana"}, 1)
    assert (ben["uids"], ben["attributes"], ben["activity_count"]) == (["u2"], {"name": "Ben"}, 1)
    assert told.counted() == {"activities": 2, "customers": 2, "folds": 2}


async def test_story_3_without_a_reset_nothing_crosses_silently(told: Told) -> None:
    await told.send(page(uid="u1", links=PHONE, at=day(1)))
    await told.send(identify("u1", "c1", links=PHONE, attributes={"name": "Ana"}, at=day(2)))
    await told.send(identify("u1", "c2", links=PHONE, attributes={"name": "Ben"}, at=day(3)))
    await told.send(track("Bought", uid="u1", cid="c2", links=PHONE, at=day(4)))
    ana, ben = await told.customer("c1"), await told.customer("c2")
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
    assert [(r["code"], r["subject"]) for r in ben["refusals"]] == [("merge_refused", "u1")]
    assert ana["refusals"] == []
    assert (await told.visitor("u1"))["cid"] == "c1"
    assert told.counted() == {"activities": 2, "customers": 2, "folds": 1, "refusals": 1}


async def test_story_4_the_identify_first_and_day_1_last_of_all_is_the_same_person(
    told: Told, tmp_path: Path
) -> None:
    calls = (
        page(uid="u1", links=PHONE, at=day(1)),
        page(uid="u2", links=PHONE, at=day(3)),
        page(uid="u2", links=PHONE, at=day(5)),
        identify("u2", "c1", links=PHONE, attributes={"plan": "pro"}, at=day(7)),
    )
    in_order = Deployment(tmp_path / "in order")
    await in_order.router().submit(calls)
    expected = await in_order.router().customer("c1")
    in_order.close()

    for call in reversed(calls):
        await told.send(call)
    assert without_version(await told.customer("c1")) == without_version(expected)
    assert (await told.visitor("u1"))["folded_from"] == "u1"


async def test_story_5_a_batch_sent_three_times_is_counted_once(told: Told) -> None:
    batch = (
        page(uid="u1", links=PHONE, at=day(1)),
        page(uid="u2", links=PHONE, at=day(3)),
        identify("u2", "c1", links=PHONE, attributes={"plan": "pro"}, at=day(7)),
        track("Signed up", uid="u2", cid="c1", at=day(7)),
    )
    answers = [await told.send(*batch) for _ in range(3)]
    assert [answer.duplicates for answer in answers] == [0, 4, 4]
    assert len({answer.position for answer in answers}) == 1
    ana = await told.customer("c1")
    assert (ana["activity_count"], ana["uids"]) == (3, ["u1", "u2"])
    assert told.counted() == {"activities": 3, "customers": 1, "folds": 2, "duplicates": 8}


async def test_story_6_one_uid_identified_as_two_customers_belongs_to_one(told: Told) -> None:
    await told.send(page(uid="u1", at=day(1)))
    await told.send(identify("u1", "c1", at=day(2)), identify("u1", "c2", at=day(2)))
    ana, ben = await told.customer("c1"), await told.customer("c2")
    assert sorted([ana["uids"], ben["uids"]]) == [[], ["u1"]]
    assert sorted([len(ana["refusals"]), len(ben["refusals"])]) == [0, 1]
    owner = ana if ana["uids"] else ben
    assert await told.visitor("u1") == {**owner, "folded_from": "u1"}
    assert told.counted() == {"activities": 1, "customers": 2, "folds": 1, "refusals": 1}
