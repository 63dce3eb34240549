"""The way from a gateway to one host: a bounded queue and two batches under way (decision 0038).

While a host works on one batch the next is there already; what arrives meanwhile travels
together in the one after. A batch that was not answered is sent again until it is: message ids
make that harmless. The later of two is taken only after the earlier one, which keeps the order.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic

import msgspec
import structlog

from actors.errors import HostUnreachable, Overloaded
from actors.parcels import (
    FAILED,
    MOVED,
    UNAVAILABLE,
    Parcel,
    Reply,
    Result,
    Turn,
    pack_parcels,
    unpack_reply,
)

FIRST_PAUSE, LONGEST_PAUSE = 0.01, 0.3

UNDER_WAY = 2
"""Batches on their way at a time: with one, a host waits for the next after each."""

log = structlog.get_logger()


class LaneLimits(msgspec.Struct, frozen=True):
    """`batch` parcels travel together at most, `queue` may wait; `retry_for` is in seconds."""

    batch: int = 1_000
    queue: int = 20_000
    retry_for: float = 20.0


class _Load:
    """Parcels that one request put on the lane, and the results they have so far."""

    def __init__(self, parcels: list[Parcel]) -> None:
        self.parcels = parcels
        self.sent = 0
        self.results: list[Result] = []
        self.done: asyncio.Future[list[Result]] = asyncio.get_running_loop().create_future()

    def take(self, count: int) -> list[Parcel]:
        some = self.parcels[self.sent : self.sent + count]
        self.sent += len(some)
        return some

    def give(self, results: list[Result]) -> None:
        self.results += results
        if len(self.results) == len(self.parcels) and not self.done.done():
            self.done.set_result(self.results)


class _Gate:
    """Lets what stands behind it pass when other lanes have answered what they had."""

    def __init__(self, marks: Sequence[asyncio.Future[list[Result]]]) -> None:
        self.marks = marks


class Lane:
    """One host's queue in one gateway. `send` takes a batch to the host and brings its reply.

    Once its host `is_retired`, what it no longer answers comes back as `MOVED`.
    """

    def __init__(
        self,
        name: str,
        send: Callable[[bytes], Awaitable[bytes]],
        limits: LaneLimits,
        is_retired: Callable[[], bool] = lambda: False,
    ) -> None:
        self._name = name
        self._send = send
        self._limits = limits
        self._is_retired = is_retired
        self._waiting: deque[_Load | _Gate] = deque()
        self._id, self._sent = secrets.randbits(63), 0
        self._under_way: deque[asyncio.Task[None]] = deque()
        self._pump: asyncio.Task[None] | None = None
        self.depth = 0
        self.position = 0

    def check_room(self, count: int) -> None:
        """Raise `Overloaded` unless that many more parcels may wait.

        An idle lane takes any one request, however large.
        """
        if self.depth and self.depth + count > self._limits.queue:
            raise Overloaded(retry_after=1)

    async def submit(self, parcels: list[Parcel]) -> list[Result]:
        """Put parcels on the lane and wait for their results, in order."""
        return await self._queued(parcels).done

    def mark(self) -> asyncio.Future[list[Result]]:
        """Give a future that is done when all that is on the lane now has been answered."""
        return self._queued([]).done

    def hold(self, marks: Sequence[asyncio.Future[list[Result]]]) -> None:
        """Let what comes from now on wait for these marks of other lanes."""
        self._waiting.append(_Gate(marks))

    def _queued(self, parcels: list[Parcel]) -> _Load:
        load = _Load(parcels)
        self._waiting.append(load)
        self.depth += len(parcels)
        if self._pump is None or self._pump.done():
            self._pump = asyncio.create_task(self._run())
        return load

    async def _run(self) -> None:
        while self._waiting:
            first = self._waiting[0]
            if isinstance(first, _Gate):
                await asyncio.wait(first.marks)
                self._waiting.popleft()
                continue
            # One turn of the loop, so that requests read in the same turn travel together.
            await asyncio.sleep(0)
            if len(self._under_way) == UNDER_WAY:
                await asyncio.wait([self._under_way[0]])
            before = self._under_way[-1] if self._under_way else None
            carrying = self._carried(self._next_batch(), before)
            self._under_way.append(asyncio.create_task(carrying))

    async def _carried(
        self, shares: list[tuple[_Load, list[Parcel]]], before: asyncio.Task[None] | None
    ) -> None:
        """Bring a batch to the host; its results are given after those of the one before."""
        parcels = [parcel for _, some in shares for parcel in some]
        results = await self._settled(parcels, before) if parcels else []
        if before is not None:
            await asyncio.wait([before])
        start = 0
        for load, some in shares:
            load.give(results[start : start + len(some)])
            start += len(some)
        self.depth -= len(parcels)
        self._under_way.popleft()

    def _next_batch(self) -> list[tuple[_Load, list[Parcel]]]:
        shares = []
        room = self._limits.batch
        while room and self._waiting:
            load = self._waiting[0]
            if isinstance(load, _Gate):
                break
            some = load.take(room)
            shares.append((load, some))
            room -= len(some)
            if load.sent == len(load.parcels):
                self._waiting.popleft()
        return shares

    async def _settled(
        self, parcels: list[Parcel], before: asyncio.Task[None] | None
    ) -> list[Result]:
        """Give each parcel a result, whatever happens: its caller waits for one."""
        try:
            reply = await self._in_turn(parcels, before)
        except Exception:
            log.exception("a batch could not be sent", host=self._name)
            return [FAILED] * len(parcels)
        if reply is None:
            return [MOVED if self._is_retired() else UNAVAILABLE] * len(parcels)
        self.position = max(self.position, reply.position)
        return reply.results

    async def _in_turn(
        self, parcels: list[Parcel], before: asyncio.Task[None] | None
    ) -> Reply | None:
        """Send a batch behind the one before it, or when that one is through; see `_answered`."""
        after, self._sent = self._sent, self._sent + 1
        number = self._sent
        if before is not None and not before.done():
            reply = await self._asked(pack_parcels(parcels, Turn(self._id, number, after)))
            if reply is not None and reply.is_taken:
                return reply
            await asyncio.wait([before])
        return await self._answered(pack_parcels(parcels, Turn(self._id, number)))

    async def _answered(self, batch: bytes) -> Reply | None:
        """Send a batch until it is answered; None after so long, or when nobody will ever."""
        give_up = monotonic() + self._limits.retry_for
        pause = FIRST_PAUSE
        while True:
            reply = await self._asked(batch)
            if reply is not None or monotonic() > give_up or self._is_retired():
                return reply
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _asked(self, batch: bytes) -> Reply | None:
        """Send a batch once; None when it was not answered: perhaps done, perhaps not."""
        try:
            return unpack_reply(await self._send(batch))
        except HostUnreachable as error:
            log.warning("a batch was not answered", host=self._name, why=error.why)
            return None
