"""The gateway's half of the work: which host has whose profile, and what came of each call."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec

from actors.errors import HostUnreachable, Unavailable
from actors.lane import Lane, LaneLimits
from actors.live import Recent
from actors.parcels import DUPLICATE, FAILED, REJECTED, UNAVAILABLE, Parcel, Question, Result
from actors.reading import Reading
from actors.slots import Assignment, customer_key, host_name, journal_key, visitor_key
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
    """Everything a gateway asks of the hosts."""

    def __init__(self, hosts: Sequence[HostRef], reading: Reading, limits: LaneLimits) -> None:
        self._hosts = hosts
        self._reading = reading
        self._assignment = Assignment(len(hosts))
        self._lanes = [
            Lane(host_name(number), host.handle, limits) for number, host in enumerate(hosts)
        ]
        self._hints: Recent[str, str] = Recent(HINTS)

    async def submit(self, commands: Sequence[AnyCommand]) -> Answer:
        """Have commands applied, each exactly once; returns when all are durable.

        Raises `Overloaded` with nothing taken, `Unavailable` when some are not known to be
        stored: sending all of them again is right then.
        """
        parcels = [Parcel(command, self._hint(command)) for command in commands]
        places = list(range(len(parcels)))
        duplicates, rejected = 0, []
        for hop in range(HOPS):
            results = await self._sent(parcels, is_new=hop == 0)
            duplicates += results.count(DUPLICATE)
            parcels = self._passed_on(parcels, results)
            rejected += _where(places, results, is_in=lambda result: result == REJECTED)
            places = _where(places, results, is_in=lambda result: isinstance(result, str))
            if not parcels:
                position = max(lane.position for lane in self._lanes)
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
            await asyncio.gather(*(host.read(Question("visitor", "")) for host in self._hosts))
            await self.stats()
        except (HostUnreachable, Unavailable):
            return False
        return True

    def _hint(self, command: AnyCommand) -> str | None:
        if command.cid is not None or command.uid is None:
            return None
        return self._hints.get(command.uid)

    async def _sent(self, parcels: list[Parcel], *, is_new: bool) -> list[Result]:
        """Put parcels on their lanes; those that are passed on have been let in already."""
        shares: dict[int, list[int]] = {}
        for index, parcel in enumerate(parcels):
            shares.setdefault(self._host_of(parcel), []).append(index)
        if is_new:
            for number, indices in shares.items():
                self._lanes[number].check_room(len(indices))
        if len(shares) == 1:
            return await self._lanes[next(iter(shares))].submit(parcels)
        answers = await asyncio.gather(
            *(self._lanes[n].submit([parcels[i] for i in ii]) for n, ii in shares.items())
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
        return moved

    def _host_of(self, parcel: Parcel) -> int:
        command = parcel.command
        if isinstance(command, Reject):
            return self._assignment.host_of(journal_key(command.source))
        cid = command.cid or parcel.hint
        key = visitor_key(command.uid or "") if cid is None else customer_key(cid)
        return self._assignment.host_of(key)

    async def _asked(self, key: str, question: Question) -> tuple[str | None, Document | None]:
        host = self._hosts[self._assignment.host_of(key)]
        try:
            moved, document = await host.read(question)
        except HostUnreachable as error:
            raise Unavailable(RETRY_AFTER, str(error)) from error
        return moved, None if document is None else msgspec.json.decode(document)


def _where(places: list[int], results: list[Result], is_in: Callable[[Result], bool]) -> list[int]:
    """List the places of the calls with such results."""
    return [place for place, result in zip(places, results, strict=True) if is_in(result)]
