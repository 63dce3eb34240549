"""The way to one host: bounded, in order, and never a caller left waiting (design D2)."""

import asyncio
from collections.abc import Callable, Sequence

import pytest

from actors import lane as lanes
from actors.errors import HostUnreachable, Overloaded
from actors.lane import Lane, LaneLimits
from actors.parcels import (
    APPLIED,
    FAILED,
    UNAVAILABLE,
    Parcel,
    Reply,
    Result,
    Turn,
    pack_reply,
    unpack_batch,
)
from domain.commands import Track
from tests.controls.calls import track

PATIENCE = 10
"""Seconds after which something that should have happened never will."""

SILENT = HostUnreachable("host-0", "it does not answer")


class SlowHost:
    """A host that answers when the test says so, each call by its name."""

    def __init__(self) -> None:
        self.batches: list[bytes] = []
        self._answers: list[asyncio.Future[bytes]] = []

    async def handle(self, batch: bytes) -> bytes:
        self.batches.append(batch)
        self._answers.append(asyncio.get_running_loop().create_future())
        return await self._answers[-1]

    async def asked(self, times: int) -> list[str]:
        """Wait for a batch, counted from 1, and tell what is in it."""
        await until(lambda: len(self.batches) >= times)
        return names(self.batches[times - 1])

    def answer(self, times: int = 0) -> None:
        """Answer a batch, counted from 1, or the last one."""
        self._answers[times - 1].set_result(reply_to(self.batches[times - 1]))

    def leave(self, times: int = 0) -> None:
        """Answer that it is not this batch's turn."""
        self._answers[times - 1].set_result(pack_reply(Reply(0, [], is_taken=False)))

    def fail(self, error: Exception, times: int = 0) -> None:
        """Let a batch, counted from 1, or the last one, end in an error."""
        self._answers[times - 1].set_exception(error)

    def turn(self, times: int) -> Turn:
        """Tell the turn of a batch, counted from 1."""
        told = unpack_batch(self.batches[times - 1]).turn
        assert told is not None
        return told

    @property
    def at_once(self) -> int:
        """How many batches are under way."""
        return sum(not answer.done() for answer in self._answers)


async def until(condition: Callable[[], bool]) -> None:
    """Let everybody else go on until something is so."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - what is waited for is the loop itself
            await asyncio.sleep(0)


def parcels(*activities: str) -> list[Parcel]:
    return [Parcel(track(name, uid="u1")) for name in activities]


def names(batch: bytes) -> list[str]:
    commands = [parcel.command for parcel in unpack_batch(batch).parcels]
    return [command.name for command in commands if isinstance(command, Track)]


def reply_to(batch: bytes) -> bytes:
    return pack_reply(Reply(len(names(batch)), [f"did {name}" for name in names(batch)]))


def lane_to(host: SlowHost, *, batch: int = 500, queue: int = 20_000, retry: float = 20) -> Lane:
    return Lane("host-0", host.handle, LaneLimits(batch, queue, retry))


def submitted(lane: Lane, *activities: str) -> "asyncio.Task[list[Result]]":
    return asyncio.create_task(asyncio.wait_for(lane.submit(parcels(*activities)), PATIENCE))


async def two_under_way(
    lane: Lane, host: SlowHost
) -> tuple["asyncio.Task[list[Result]]", "asyncio.Task[list[Result]]"]:
    """Have A on its way, and B behind it."""
    first = submitted(lane, "A")
    await host.asked(1)
    second = submitted(lane, "B")
    await host.asked(2)
    return first, second


@pytest.fixture
def host() -> SlowHost:
    return SlowHost()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once."""
    monkeypatch.setattr(lanes, "FIRST_PAUSE", 0)


class TestCoalescing:
    async def test_d2_what_comes_in_one_turn_travels_together(self, host: SlowHost) -> None:
        lane = lane_to(host)
        requests = [submitted(lane, "A"), submitted(lane, "B", "C"), submitted(lane, "D")]
        assert await host.asked(1) == ["A", "B", "C", "D"]
        host.answer()
        assert [await request for request in requests] == [["did A"], ["did B", "did C"], ["did D"]]

    async def test_d2_what_comes_while_a_batch_is_away_travels_in_the_next(
        self, host: SlowHost
    ) -> None:
        lane = lane_to(host)
        first = submitted(lane, "A")
        await host.asked(1)
        later = [submitted(lane, "B"), submitted(lane, "C")]
        await until(lambda: lane.depth == 3)
        assert host.at_once == len(host.batches) == 1
        host.answer()
        assert await first == ["did A"]
        assert await host.asked(2) == ["B", "C"]
        host.answer()
        assert [await request for request in later] == [["did B"], ["did C"]]
        assert lane.depth == 0

    async def test_d2_a_batch_is_no_longer_than_agreed_and_keeps_the_order(
        self, host: SlowHost
    ) -> None:
        lane = lane_to(host, batch=2)
        requests = [submitted(lane, "A", "B", "C"), submitted(lane, "D"), submitted(lane, "E")]
        for times, expected in ((1, ["A", "B"]), (2, ["C", "D"]), (3, ["E"])):
            assert await host.asked(times) == expected
            host.answer()
        assert [await request for request in requests] == [
            ["did A", "did B", "did C"],
            ["did D"],
            ["did E"],
        ]

    async def test_a_lane_that_was_idle_goes_on(self, host: SlowHost) -> None:
        lane = lane_to(host)
        for times in (1, 2, 3):
            request = submitted(lane, "A")
            await host.asked(times)
            host.answer()
            assert await request == ["did A"]

    async def test_a_caller_that_went_away_keeps_nobody_waiting(self, host: SlowHost) -> None:
        lane = lane_to(host)
        gone, there = submitted(lane, "A"), submitted(lane, "B")
        assert await host.asked(1) == ["A", "B"]
        gone.cancel()
        host.answer()
        assert await there == ["did B"]
        assert lane.depth == 0

    async def test_a_lane_remembers_how_far_the_log_is(self, host: SlowHost) -> None:
        lane = lane_to(host)
        request = submitted(lane, "A", "B")
        await host.asked(1)
        host.answer()
        await request
        assert lane.position == 2


class TestTwoUnderWay:
    """A host finds the next batch when it is done with one, and no call overtakes another."""

    async def test_the_next_batch_is_sent_while_one_is_away_and_a_third_waits(
        self, host: SlowHost
    ) -> None:
        lane = lane_to(host)
        requests = []
        for times, name in enumerate("AB", 1):
            requests.append(submitted(lane, name))
            assert await host.asked(times) == [name]
        requests += [submitted(lane, "C"), submitted(lane, "D")]
        await until(lambda: lane.depth == 4)
        assert host.at_once == 2
        host.answer(1)
        assert await host.asked(3) == ["C", "D"]
        host.answer(2)
        host.answer(3)
        assert [await request for request in requests] == [[f"did {name}"] for name in "ABCD"]

    async def test_a_batch_names_the_one_that_must_have_been_taken_before_it(
        self, host: SlowHost
    ) -> None:
        lane = lane_to(host)
        first, second = await two_under_way(lane, host)
        assert host.turn(1).after is None
        assert host.turn(2).after == host.turn(1).number
        assert host.turn(2).lane == host.turn(1).lane
        host.answer(1)
        host.answer(2)
        await asyncio.gather(first, second)
        request = submitted(lane, "C")
        await host.asked(3)
        assert host.turn(3).after is None
        host.answer(3)
        await request

    @pytest.mark.usefixtures("impatient")
    async def test_what_the_host_left_is_sent_again_when_the_one_before_is_through(
        self, host: SlowHost
    ) -> None:
        lane = lane_to(host)
        first, second = await two_under_way(lane, host)
        host.fail(SILENT, 1)
        host.leave(2)
        assert await host.asked(3) == ["A"]
        host.answer(3)
        assert await first == ["did A"]
        assert await host.asked(4) == ["B"]
        assert host.turn(4).after is None
        host.answer(4)
        assert await second == ["did B"]

    async def test_results_are_given_in_order_whichever_answer_comes_first(
        self, host: SlowHost
    ) -> None:
        lane = lane_to(host)
        first, second = await two_under_way(lane, host)
        mark = lane.mark()
        host.answer(2)
        for _ in range(20):
            await asyncio.sleep(0)
        assert not second.done()
        assert not mark.done()
        host.answer(1)
        assert (await first, await second, await mark) == (["did A"], ["did B"], [])


@pytest.mark.usefixtures("impatient")
class TestResending:
    """ "Maybe done" is answered by sending the same bytes again (design D6)."""

    async def test_d6_the_same_bytes_are_sent_until_they_are_answered(self, host: SlowHost) -> None:
        lane = lane_to(host)
        request = submitted(lane, "A", "B")
        for times in (1, 2, 3):
            await host.asked(times)
            host.fail(SILENT)
        await host.asked(4)
        host.answer()
        assert await request == ["did A", "did B"]
        assert len(set(host.batches)) == 1

    async def test_d2_nothing_overtakes_a_batch_that_is_sent_again(self, host: SlowHost) -> None:
        lane = lane_to(host)
        first = submitted(lane, "A")
        await host.asked(1)
        second = submitted(lane, "B")
        host.fail(SILENT)
        assert await host.asked(2) == ["A"]
        host.answer()
        assert await host.asked(3) == ["B"]
        host.answer()
        assert (await first, await second) == (["did A"], ["did B"])

    async def test_d6_after_so_long_the_callers_must_try_again(
        self, host: SlowHost, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seconds = iter([0.0, 9.0, 19.9, 20.1])
        monkeypatch.setattr(lanes, "monotonic", lambda: next(seconds))
        lane = lane_to(host, retry=20)
        request = submitted(lane, "A", "B")
        for times in (1, 2, 3):
            await host.asked(times)
            host.fail(SILENT)
        assert await request == [UNAVAILABLE, UNAVAILABLE]
        assert (len(host.batches), lane.depth) == (3, 0)

    async def test_after_giving_up_the_lane_goes_on(self, host: SlowHost) -> None:
        lane = lane_to(host, retry=-1)
        first, batch = submitted(lane, "A"), await host.asked(1)
        assert batch == ["A"]
        second = submitted(lane, "B")
        await until(lambda: lane.depth == 2)
        host.fail(SILENT)
        assert await first == [UNAVAILABLE]
        await host.asked(2)
        host.answer()
        assert await second == ["did B"]

    async def test_pauses_grow_to_a_limit(
        self, host: SlowHost, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pauses: list[float] = []
        turn = asyncio.sleep

        async def noted(seconds: float) -> None:
            pauses.append(seconds)
            await turn(0)

        monkeypatch.setattr(lanes, "FIRST_PAUSE", 0.1)
        monkeypatch.setattr(asyncio, "sleep", noted)
        lane = lane_to(host)
        request = submitted(lane, "A")
        for times in range(1, 6):
            await host.asked(times)
            host.fail(SILENT)
        await host.asked(6)
        host.answer()
        await request
        assert [seconds for seconds in pauses if seconds] == [0.1, 0.2, 0.3, 0.3, 0.3]


class TestTrouble:
    """Whatever happens on the way, each caller gets an answer and the lane goes on."""

    @pytest.mark.parametrize("trouble", [RuntimeError("odd"), ValueError("odder"), KeyError("x")])
    async def test_an_unknown_error_fails_its_batch_only(
        self, host: SlowHost, trouble: Exception
    ) -> None:
        lane = lane_to(host)
        first = submitted(lane, "A", "B")
        await host.asked(1)
        second = submitted(lane, "C")
        await until(lambda: lane.depth == 3)
        host.fail(trouble)
        assert await first == [FAILED, FAILED]
        await host.asked(2)
        host.answer()
        assert await second == ["did C"]

    async def test_an_answer_that_cannot_be_read_fails_its_batch_only(self) -> None:
        answers = iter([b"\xc1", reply_to_any(1)])

        async def send(_: bytes) -> bytes:
            return next(answers)

        lane = Lane("host-0", send, LaneLimits())
        assert await lane.submit(parcels("A")) == [FAILED]
        assert await lane.submit(parcels("B")) == [APPLIED]

    async def test_a_call_that_cannot_be_packed_fails_its_batch_only(self, host: SlowHost) -> None:
        lane = lane_to(host)
        assert await lane.submit([Parcel(track("\ud800", uid="u1"))]) == [FAILED]
        request = submitted(lane, "A")
        await host.asked(1)
        host.answer()
        assert await request == ["did A"]
        assert lane.depth == 0


class TestRoom:
    """A queue is bounded: what does not fit is refused at once (design section 5)."""

    async def test_a_full_lane_takes_no_more(self, host: SlowHost) -> None:
        lane = lane_to(host, queue=3)
        first = submitted(lane, "A", "B")
        await host.asked(1)
        lane.check_room(1)
        with pytest.raises(Overloaded, match="found a full queue; try in 1 s") as caught:
            lane.check_room(2)
        assert caught.value.retry_after == 1
        host.answer()
        await first
        lane.check_room(3)

    async def test_an_idle_lane_takes_any_one_request(self, host: SlowHost) -> None:
        lane = lane_to(host, queue=3)
        lane.check_room(1_000)
        request = submitted(lane, *"ABCDEF")
        await host.asked(1)
        host.answer()
        assert len(await request) == 6


def reply_to_any(count: int) -> bytes:
    results: Sequence[Result] = [APPLIED] * count
    return pack_reply(Reply(1, list(results)))
