"""The gateway's half of the work: which host has whose profile, and what came of each call."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec

from actors.errors import HostUnreachable, Unavailable
from actors.lane import Lane, LaneLimits
from actors.live import Recent
from actors.parcels import (
    DUPLICATE,
    FAILED,
    MOVED,
    REJECTED,
    UNAVAILABLE,
    Parcel,
    Question,
    Result,
)
from actors.placement import Placement, moves
from actors.reading import Reading
from actors.slots import customer_key, journal_key, visitor_key
from domain.commands import AnyCommand, Reject
from domain.document import Document
from domain.history import Stretch
from domain.person import NOW, Then

HINTS = 200_000
"""UIDs whose customer a gateway remembers; a wrong memory costs a detour, never an error."""

HOPS = 4
"""How many hosts a call is sent to before its client is asked to try again."""

RETRY_AFTER = 2


class Answer(msgspec.Struct, frozen=True):
    """All calls of a request are durable: the log's position, how many were known already.

    `rejected` are the places of those that could not be decided and are kept as rejected.
    """

    position: int
    duplicates: int = 0
    rejected: list[int] = []


class HostRef(Protocol):
    """A host, wherever it runs. Both methods raise `HostUnreachable`."""

    async def handle(self, batch: bytes) -> bytes:
        """See `ProfileHost.handle`."""

    async def read(self, question: Question) -> tuple[str | None, bytes | None]:
        """See `ProfileHost.read`."""


class Router:
    """Everything a gateway asks of the hosts. `reach` gives the host of a name."""

    def __init__(
        self,
        reach: Callable[[str], HostRef],
        placement: Placement,
        reading: Reading,
        limits: LaneLimits,
    ) -> None:
        self._reach = reach
        self._reading = reading
        self._limits = limits
        self._told = self._placement = placement
        self._hosts: dict[str, HostRef] = {}
        self._lanes: dict[str, Lane] = {}
        self._hints: Recent[str, str] = Recent(HINTS)

    @property
    def placement(self) -> Placement:
        """The placement that the next call is routed by."""
        return self._told

    def tell(self, placement: Placement) -> None:
        """Route by this placement from now on, unless it is an old one; from any thread."""
        if placement.version > self._told.version:
            self._told = placement

    async def submit(self, commands: Sequence[AnyCommand]) -> Answer:
        """Have commands applied, each exactly once; returns when all are durable.

        Raises `Overloaded` with nothing taken, `Unavailable` when some are not known to be
        stored: sending all of them again is right then.
        """
        self._note(commands)
        parcels = [Parcel(command, self._hint(command)) for command in commands]
        places = list(range(len(parcels)))
        duplicates, rejected = 0, []
        for hop in range(HOPS):
            results = await self._sent(parcels, is_new=hop == 0)
            duplicates += results.count(DUPLICATE)
            parcels = self._passed_on(parcels, results)
            rejected += _where(places, results, is_in=lambda result: result == REJECTED)
            places = _where(places, results, is_in=_goes_on)
            if not parcels:
                position = max((lane.position for lane in self._lanes.values()), default=0)
                return Answer(position, duplicates, sorted(rejected))
        raise Unavailable(RETRY_AFTER, "a call was passed from host to host")

    async def customer(self, cid: str) -> Document | None:
        """Give a customer's profile as it is now."""
        _, document = await self._asked(customer_key(cid), Question("customer", cid))
        return document

    async def visitor(self, uid: str) -> Document | None:
        """Give a visitor's profile; a folded UID gives its customer's and says so."""
        cid, document = await self._asked(visitor_key(uid), Question("visitor", uid))
        if cid is None:
            return document
        document = await self.customer(cid)
        return None if document is None else {**document, "folded_from": uid}

    async def timeline(
        self, kind: str, value: str, limit: int, before: str | None, then: Then = NOW
    ) -> dict[str, Any] | None:
        """Give a page of activities, newest first; see `Reading.timeline`."""
        return await self._reading.timeline(kind, value, limit, before, then)

    async def past(self, kind: str, value: str, then: Then) -> Document | None:
        """Give a profile of the past; see `Reading.profile`."""
        return await self._reading.profile(kind, value, then)

    async def history(self, kind: str, value: str, stretch: Stretch) -> dict[str, Any] | None:
        """Give a page of events; see `Reading.history`."""
        return await self._reading.history(kind, value, stretch)

    async def explain(
        self, kind: str, value: str, attribute: str, then: Then
    ) -> dict[str, Any] | None:
        """Explain an attribute; see `Reading.explain`."""
        return await self._reading.explain(kind, value, attribute, then)

    async def identities(self, kind: str, value: str, then: Then) -> dict[str, Any] | None:
        """Tell why UIDs are one person; see `Reading.identities`."""
        return await self._reading.identities(kind, value, then)

    async def stats(self) -> dict[str, int]:
        """Give the deployment's counters and the position of its log."""
        return await self._reading.stats()

    async def ready(self) -> bool:
        """Tell whether every host answers and the store can be read."""
        try:
            hosts = map(self._host, self._told.hosts)
            await asyncio.gather(*(host.read(Question("visitor", "")) for host in hosts))
            await self.stats()
        except (HostUnreachable, Unavailable):
            return False
        return True

    def _note(self, commands: Sequence[AnyCommand]) -> None:
        """Expect a UID to belong to the customer it is named with, before any host says so.

        What it sends next then follows its identify to the same host, instead of racing it from
        another one: of two that write to one visitor, one loses its whole batch.
        """
        for command in commands:
            uid, cid = command.uid, command.cid
            if cid is not None and uid is not None and self._hints.get(uid) is None:
                self._hints.put(uid, cid)

    def _hint(self, command: AnyCommand) -> str | None:
        if command.cid is not None or command.uid is None:
            return None
        return self._hints.get(command.uid)

    async def _sent(self, parcels: list[Parcel], *, is_new: bool) -> list[Result]:
        """Put parcels on their lanes; those that are passed on have been let in already."""
        self._follow()
        shares: dict[str, list[int]] = {}
        for index, parcel in enumerate(parcels):
            shares.setdefault(self._host_of(parcel), []).append(index)
        if is_new:
            for name, indices in shares.items():
                self._lane(name).check_room(len(indices))
        if len(shares) == 1:
            return await self._lane(next(iter(shares))).submit(parcels)
        answers = await asyncio.gather(
            *(self._lane(name).submit([parcels[i] for i in ii]) for name, ii in shares.items())
        )
        results: list[Result] = [UNAVAILABLE] * len(parcels)
        for indices, answer in zip(shares.values(), answers, strict=True):
            for index, result in zip(indices, answer, strict=True):
                results[index] = result
        return results

    def _passed_on(self, parcels: list[Parcel], results: list[Result]) -> list[Parcel]:
        """List the parcels that belong to another host, readdressed."""
        if UNAVAILABLE in results or FAILED in results:
            raise Unavailable(RETRY_AFTER)
        moved = []
        for parcel, result in zip(parcels, results, strict=True):
            if isinstance(result, str):
                if parcel.command.uid is not None:
                    self._hints.put(parcel.command.uid, result)
                moved.append(Parcel(parcel.command, result))
            elif result == MOVED:
                moved.append(parcel)
        return moved

    def _follow(self) -> None:
        """Take over the placement that was told last.

        Who loses slots finishes what it has before who gains them is sent newer calls: the calls
        of a profile keep their order.
        """
        before, self._placement = self._placement, self._told
        if before is self._placement:
            return
        marks: dict[str, asyncio.Future[list[Result]]] = {}
        for gainer, losers in moves(before, self._placement).items():
            for loser in losers:
                if loser not in marks:
                    marks[loser] = self._lane(loser).mark()
            self._lane(gainer).hold([marks[loser] for loser in losers])

    def _host(self, name: str) -> HostRef:
        if name not in self._hosts:
            self._hosts[name] = self._reach(name)
        return self._hosts[name]

    def _lane(self, name: str) -> Lane:
        lane = self._lanes.get(name)
        if lane is None:
            lane = Lane(name, self._host(name).handle, self._limits, lambda: self._is_retired(name))
            self._lanes[name] = lane
        return lane

    def _is_retired(self, name: str) -> bool:
        return name not in self._told.hosts

    def _host_of(self, parcel: Parcel) -> str:
        command = parcel.command
        if isinstance(command, Reject):
            return self._placement.owner(journal_key(command.source))
        cid = command.cid or parcel.hint
        key = visitor_key(command.uid or "") if cid is None else customer_key(cid)
        return self._placement.owner(key)

    async def _asked(self, key: str, question: Question) -> tuple[str | None, Document | None]:
        host = self._host(self._told.owner(key))
        try:
            moved, document = await host.read(question)
        except HostUnreachable as error:
            raise Unavailable(RETRY_AFTER, str(error)) from error
        return moved, None if document is None else msgspec.json.decode(document)


def _goes_on(result: Result) -> bool:
    """Tell whether a call has to be sent to another host."""
    return isinstance(result, str) or result == MOVED


def _where(places: list[int], results: list[Result], is_in: Callable[[Result], bool]) -> list[int]:
    """List the places of the calls with such results."""
    return [place for place, result in zip(places, results, strict=True) if is_in(result)]
