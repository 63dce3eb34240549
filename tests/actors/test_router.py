"""Which host has whose profile, and what became of each call, over hosts in this process."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from actors.errors import HostUnreachable, Overloaded, Unavailable
from actors.lane import LaneLimits
from actors.parcels import (
    APPLIED,
    FAILED,
    UNAVAILABLE,
    Parcel,
    Question,
    Reply,
    pack_reply,
    unpack_batch,
)
from actors.placement import initial
from actors.reading import Reading
from actors.router import HOPS, Answer, HostRef, Router
from actors.slots import host_name
from store.backend import Write
from store.errors import StoreUnavailable
from store.sqlite import SqliteBackend
from tests.actors.deployment import Deployment, InProcess, customer, send, without_version
from tests.controls.calls import device, identify, page, rejected, track
from tests.controls.times import day

PHONE = (device("phone"),)


class Watched(InProcess):
    """Remembers what it took to its host."""

    def __init__(self, deployment: Deployment, number: int) -> None:
        super().__init__(deployment, number)
        self.taken: list[Parcel] = []

    async def handle(self, batch: bytes) -> bytes:
        self.taken += unpack_batch(batch).parcels
        return await super().handle(batch)


class Scripted:
    """A host that answers every call the same, or not at all."""

    def __init__(self, result: int | str | Exception) -> None:
        self.result = result
        self.asked = 0
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def handle(self, batch: bytes) -> bytes:
        self.asked += 1
        await self.may_answer.wait()
        if isinstance(self.result, Exception):
            raise self.result
        return pack_reply(Reply(1, [self.result] * len(unpack_batch(batch).parcels)))

    async def read(self, question: Question) -> tuple[str | None, bytes | None]:
        raise HostUnreachable("host-0", f"it is away and cannot say who {question.id} is")


@pytest.fixture
def watched(three: Deployment) -> list[Watched]:
    return [Watched(three, number) for number in range(3)]


@pytest.fixture
def router(three: Deployment, watched: list[Watched]) -> Router:
    return router_to(three, *watched)


def scripted(deployment: Deployment, *hosts: Scripted, limits: LaneLimits | None = None) -> Router:
    return router_to(deployment, *hosts, limits=limits or LaneLimits(retry_for=-1))


def router_to(deployment: Deployment, *hosts: HostRef, limits: LaneLimits | None = None) -> Router:
    by_name = {host_name(number): host for number, host in enumerate(hosts)}
    reading = Reading(deployment.store())
    return Router(by_name.__getitem__, initial(list(by_name)), reading, limits or LaneLimits())


class TestRouting:
    async def test_d1_each_call_goes_to_the_host_of_its_profile(
        self, three: Deployment, watched: list[Watched], router: Router
    ) -> None:
        uids, cids = ([name(n) for n in range(3)] for name in (three.uid, three.cid))
        await router.submit([track("A", uid=uid) for uid in uids])
        await router.submit([track("B", cid=cid) for cid in cids])
        pairs = zip(uids, reversed(cids), strict=True)
        await router.submit([identify(uid, cid) for uid, cid in pairs])
        for number, host in enumerate(watched):
            assert [(p.command.uid, p.command.cid) for p in host.taken] == [
                (uids[number], None),
                (None, cids[number]),
                (uids[2 - number], cids[number]),
            ]

    async def test_d1_rejections_of_one_source_meet_on_one_host(
        self, three: Deployment, watched: list[Watched], router: Router
    ) -> None:
        await router.submit([rejected(source="web", uid=three.uid(n)) for n in range(3)])
        assert sorted(len(host.taken) for host in watched) == [0, 0, 3]

    async def test_an_empty_request_is_done_at_once(self, router: Router) -> None:
        assert await router.submit([]) == Answer(0, 0)

    async def test_the_answer_tells_duplicates_and_the_position(
        self, three: Deployment, router: Router
    ) -> None:
        calls = [track(uid=three.uid(n)) for n in range(3)]
        assert await router.submit([*calls, calls[0]]) == Answer(6, 1)
        assert await router.submit(calls) == Answer(6, 3)


class TestCallsOnTheirWay:
    """A folded UID's calls find the customer's host, and the router learns the way (rule C3)."""

    @pytest.fixture
    def folded(self, three: Deployment) -> tuple[str, str]:
        """A UID of host 0, folded into a customer of host 2."""
        uid, cid = three.uid(0), three.cid(2)
        send(three.hosts[0], track("A", uid=uid))
        send(three.hosts[2], identify(uid, cid))
        return uid, cid

    def test_c3_the_visitors_host_names_the_customer(
        self, three: Deployment, folded: tuple[str, str]
    ) -> None:
        uid, cid = folded
        before = three.stats()
        assert send(three.hosts[0], track("B", uid=uid), track("C", uid=uid)) == [cid, cid]
        assert three.stats() == before

    def test_s3_a_visitor_folded_elsewhere_does_not_cost_its_neighbours_a_second_try(
        self, three: Deployment, folded: tuple[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        uid, cid = folded
        tries = 0
        write = SqliteBackend.write

        def counted(backend: SqliteBackend, batch: Write) -> int:
            nonlocal tries
            tries += 1
            return write(backend, batch)

        monkeypatch.setattr(SqliteBackend, "write", counted)
        neighbour = track("A", uid=three.uid(0, "neighbour"))
        assert send(three.hosts[0], track("B", uid=uid), neighbour) == [cid, APPLIED]
        assert tries == 1

    async def test_c3_the_call_goes_on_to_the_customers_host(
        self, three: Deployment, watched: list[Watched], router: Router, folded: tuple[str, str]
    ) -> None:
        uid, cid = folded
        call = track("B", uid=uid)
        assert await router.submit([call]) == Answer(7, 0)
        assert watched[0].taken == [Parcel(call)]
        assert watched[2].taken == [Parcel(call, hint=cid)]
        assert customer(three.hosts[2], cid)["activities"] == {"A": 1, "B": 1}

    async def test_c3_the_next_call_takes_the_short_way(
        self, watched: list[Watched], router: Router, folded: tuple[str, str]
    ) -> None:
        uid, _ = folded
        await router.submit([track("B", uid=uid)])
        await router.submit([track("C", uid=uid)])
        assert (len(watched[0].taken), len(watched[2].taken)) == (1, 2)

    async def test_a_call_with_both_ids_needs_no_hint(
        self, watched: list[Watched], router: Router, folded: tuple[str, str]
    ) -> None:
        uid, cid = folded
        await router.submit([track("B", uid=uid)])
        await router.submit([track("C", uid=uid, cid=cid)])
        assert watched[2].taken[-1].hint is None

    async def test_c3_a_call_follows_the_identify_of_its_own_request_to_the_customers_host(
        self, three: Deployment, watched: list[Watched], router: Router
    ) -> None:
        uid, cid = three.uid(0), three.cid(2)
        await router.submit([identify(uid, cid), track("A", uid=uid)])
        assert [len(host.taken) for host in watched] == [0, 0, 2]

    async def test_c3_a_second_customer_named_with_a_uid_does_not_change_the_way(
        self, three: Deployment, watched: list[Watched], router: Router
    ) -> None:
        uid, cid = three.uid(0), three.cid(2)
        await router.submit([identify(uid, cid)])
        await router.submit([identify(uid, three.cid(1))])
        await router.submit([track("A", uid=uid)])
        assert [len(host.taken) for host in watched] == [0, 1, 2]

    async def test_a_wrong_hint_costs_a_detour_and_no_error(
        self, three: Deployment, folded: tuple[str, str]
    ) -> None:
        uid, cid = folded
        elsewhere, stranger = three.cid(1), three.uid(0, "stranger")
        send(three.hosts[1], track(cid=elsewhere))
        assert send(three.hosts[1], track("B", uid=uid), hint=elsewhere) == [cid]
        assert send(three.hosts[2], track("B", uid=uid), hint=cid) == [APPLIED]
        assert send(three.hosts[0], track("C", uid=stranger), hint="nobody") == [APPLIED]

    async def test_m3_a_late_activity_moves_to_the_customers_host_and_folds_there(
        self, three: Deployment, watched: list[Watched], router: Router
    ) -> None:
        early, late, cid = three.uid(0), three.uid(1), three.cid(2)
        await router.submit([identify(late, cid, links=PHONE, at=day(7))])
        await router.submit([page(uid=early, links=PHONE, at=day(1))])
        assert [len(host.taken) for host in watched] == [1, 0, 2]
        found = await router.customer(cid)
        assert found is not None
        assert found["uids"] == sorted([early, late])
        assert found["activities"] == {"$page": 1}
        assert three.counted() == {"activities": 1, "customers": 1, "folds": 2}

    async def test_m3_a_known_visitor_folds_across_hosts_at_the_identify(
        self, three: Deployment, router: Router
    ) -> None:
        early, late, cid = three.uid(0), three.uid(1), three.cid(2)
        for uid, number in ((early, 1), (late, 3)):
            await router.submit([page(uid=uid, links=PHONE, at=day(number))])
        await router.submit([identify(late, cid, links=PHONE, at=day(7))])
        await router.submit([page(uid=early, at=day(8))])
        found = await router.customer(cid)
        assert found is not None
        assert (found["uids"], found["activity_count"]) == (sorted([early, late]), 3)
        for uid in (early, late):
            assert three.hosts[three.uid(1) == uid].read(Question("visitor", uid)) == (cid, None)

    async def test_s3_the_visitors_host_decides_on_old_knowledge_and_still_loses(
        self, three: Deployment, router: Router
    ) -> None:
        """It still holds the visitor in memory when another host has folded it."""
        uid, cid = three.uid(0), three.cid(2)
        send(three.hosts[0], track("A", uid=uid))
        await router.submit([identify(uid, cid)])
        assert send(three.hosts[0], track("B", uid=uid)) == [cid]
        await router.submit([track("C", uid=uid)])
        found = await router.customer(cid)
        assert found is not None
        assert found["activities"] == {"A": 1, "C": 1}


class TestReads:
    async def test_a_folded_uid_answers_with_its_customer_right_after_the_merge(
        self, three: Deployment, router: Router
    ) -> None:
        uid, cid = three.uid(0), three.cid(2)
        await router.submit([track("A", uid=uid)])
        before = await router.visitor(uid)
        assert before is not None
        assert (before["kind"], before["uid"]) == ("visitor", uid)
        await router.submit([identify(uid, cid)])
        after = await router.visitor(uid)
        shown = await router.customer(cid)
        assert shown is not None
        assert after == {**shown, "folded_from": uid}

    async def test_nobody_has_no_document(self, router: Router) -> None:
        assert await router.visitor("nobody") is None
        assert await router.customer("nobody") is None
        assert await router.timeline("visitor", "nobody", 10, None) is None
        assert await router.timeline("customer", "nobody", 10, None) is None

    async def test_a_host_that_is_away_makes_a_read_unavailable(
        self, deployment: Deployment
    ) -> None:
        router = scripted(deployment, Scripted(APPLIED))
        with pytest.raises(Unavailable, match="it is away"):
            await router.customer("c1")
        with pytest.raises(Unavailable):
            await router.visitor("u1")

    async def test_it_is_ready_when_every_host_and_the_store_answer(
        self, three: Deployment, router: Router, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def down(*_: object) -> None:
            raise StoreUnavailable("no disk")

        assert await router.ready()
        assert not await scripted(three, Scripted(APPLIED)).ready()
        monkeypatch.setattr(SqliteBackend, "tallies", down)
        assert not await router.ready()


class TestTrouble:
    """200 means that all of it is stored; anything else says: send all of it again."""

    @pytest.mark.parametrize("result", [UNAVAILABLE, FAILED])
    async def test_one_call_that_is_not_stored_makes_the_request_unavailable(
        self, deployment: Deployment, result: int
    ) -> None:
        with pytest.raises(Unavailable) as caught:
            await scripted(deployment, Scripted(result)).submit([track(uid="u1")])
        assert caught.value.retry_after == 2

    async def test_a_host_that_never_answers_makes_the_request_unavailable(
        self, deployment: Deployment
    ) -> None:
        router = scripted(deployment, Scripted(HostUnreachable("host-0", "it is away")))
        with pytest.raises(Unavailable):
            await router.submit([track(uid="u1")])

    async def test_a_call_is_not_passed_on_for_ever(self, deployment: Deployment) -> None:
        host = Scripted("c1")
        with pytest.raises(Unavailable, match="passed from host to host"):
            await scripted(deployment, host).submit([track(uid="u1")])
        assert host.asked == HOPS

    async def test_a_call_that_is_taken_at_last_is_answered(self, deployment: Deployment) -> None:
        host = Scripted("c1")
        router = scripted(deployment, host)
        request = asyncio.create_task(router.submit([track(uid="u1")]))
        while host.asked < HOPS - 1:  # noqa: ASYNC110 - the loop itself is waited for
            await asyncio.sleep(0)
        host.result = APPLIED
        assert await request == Answer(1, 0)

    async def test_a_request_sent_again_after_trouble_is_counted_once(
        self, three: Deployment, router: Router, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """One of three hosts finds the disk full; the client sends everything again."""
        calls = [track("A", uid=three.uid(n)) for n in range(3)]
        actual = SqliteBackend.write

        def full(backend: SqliteBackend, write: Any) -> int:
            if write.lease.name == "host-1":
                raise StoreUnavailable("no space left")
            return actual(backend, write)

        with monkeypatch.context() as patch:
            patch.setattr(SqliteBackend, "write", full)
            with pytest.raises(Unavailable):
                await router.submit(calls)
        assert await router.submit(calls) == Answer(6, 2)
        assert three.counted() == {"activities": 3, "visitors": 3, "duplicates": 2}

    async def test_a_poison_call_hurts_neither_its_request_nor_others(
        self, three: Deployment, router: Router, logged: list[MutableMapping[str, Any]]
    ) -> None:
        poison = track("nobody's")
        moving = track("B", uid=three.uid(0, "v"), cid=three.cid(2))
        await router.submit([moving])
        moved = track("C", uid=three.uid(0, "v"))  # it takes a second hop
        batch = [moved, *(track("A", uid=three.uid(n)) for n in range(3)), poison]
        answer = await three.router().submit(batch)
        assert (answer.rejected, answer.duplicates) == ([4], 0)
        assert (await three.router().submit([poison, *batch])).rejected == [0, 5]
        counted = three.counted()
        assert (counted["activities"], counted["rejections"]) == (5, 1)
        assert "a call could not be decided" in [line["event"] for line in logged]


class TestOverload:
    """What does not fit is refused whole, before any of it is sent."""

    @pytest.fixture
    def hosts(self) -> list[Scripted]:
        made = [Scripted(APPLIED) for _ in range(3)]
        for host in made:
            host.may_answer.clear()
        return made

    async def test_nothing_of_a_refused_request_is_taken(
        self, three: Deployment, hosts: list[Scripted]
    ) -> None:
        router = scripted(three, *hosts, limits=LaneLimits(queue=2))
        full = asyncio.create_task(router.submit([track(uid=three.uid(1))] * 2))
        while not hosts[1].asked:  # noqa: ASYNC110 - the loop itself is waited for
            await asyncio.sleep(0)
        for _ in range(3):
            with pytest.raises(Overloaded):
                await router.submit([track(uid=three.uid(n)) for n in range(3)])
        for host in hosts:
            host.may_answer.set()
        await full
        assert [host.asked for host in hosts] == [0, 1, 0]
        assert await router.submit([track(uid=three.uid(n)) for n in range(3)]) == Answer(1, 0)

    async def test_what_was_let_in_is_passed_on_to_a_full_lane_too(
        self, three: Deployment, hosts: list[Scripted]
    ) -> None:
        """Otherwise a request could be refused that was half applied."""
        hosts[0].result = three.cid(1)
        for host in (hosts[0], hosts[2]):
            host.may_answer.set()
        router = scripted(three, *hosts, limits=LaneLimits(queue=1))
        full = asyncio.create_task(router.submit([track(uid=three.uid(1))]))
        request = [track(uid=three.uid(0)), track(cid=three.cid(2))]
        moved = asyncio.create_task(router.submit(request))
        for _ in range(100):
            await asyncio.sleep(0)  # everybody goes as far as they can
        assert [host.asked for host in hosts] == [1, 2, 1]
        assert not moved.done()
        hosts[1].may_answer.set()
        assert await full == Answer(1, 0)
        assert await moved == Answer(1, 0)
        assert hosts[1].asked == 2


class TestCounters:
    async def test_stats_count_what_happened_over_all_hosts(
        self, three: Deployment, router: Router
    ) -> None:
        anonymous = [track("A", uid=f"visitor-{n}") for n in range(10)]
        named = [identify(f"visitor-{n}", f"customer-{n % 2}") for n in range(4)]
        claimed = [identify("visitor-0", "customer-1"), identify("visitor-1", "customer-0")]
        await router.submit([*anonymous, *named])
        await router.submit([*claimed, rejected(), rejected(source="app"), anonymous[0]])
        assert await router.stats() == {
            "activities": 10,
            "visitors": 6,
            "customers": 2,
            "folds": 4,
            "refusals": 2,
            "rejections": 2,
            "duplicates": 1,
            "position": three.stats()["position"],
        }

    async def test_stats_of_nothing_are_zero(self, router: Router) -> None:
        assert set((await router.stats()).values()) == {0}

    async def test_the_number_of_hosts_may_change_between_two_starts(
        self, three: Deployment, router: Router
    ) -> None:
        await router.submit([track("A", uid="u1"), identify("u1", "c1"), track("B", uid="u2")])
        before = (without_version(await router.customer("c1")), await router.visitor("u2"))
        counted = three.counted()
        fewer = Deployment(three.folder, hosts=1)
        one = fewer.router()
        assert (without_version(await one.customer("c1")), await one.visitor("u2")) == before
        assert await one.submit([track("C", uid="u1")]) == Answer(three.stats()["position"], 0)
        assert fewer.counted() == {**counted, "activities": 3}
        fewer.close()
