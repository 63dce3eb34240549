"""Hosts over one data folder, all in this process: a deployment without Ray."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from time import time_ns
from types import MappingProxyType

import msgspec

from actors.host import ProfileHost
from actors.lane import LaneLimits
from actors.parcels import Parcel, Question, Result
from actors.placement import initial
from actors.reading import Reading, stats
from actors.router import Router
from actors.slots import customer_key, host_name, visitor_key
from domain.commands import AnyCommand
from domain.document import Document
from store.archive import Store
from store.folder import open_store, prepare


class Deployment:
    """Some hosts, each with a connection of its own, as if in a process of its own.

    `ahead` tells by how many seconds the clock of each is fast; slow ones are below zero.
    """

    def __init__(
        self,
        folder: Path,
        hosts: int = 1,
        *,
        live_profiles: int = 1_000,
        environ: Mapping[str, str] = MappingProxyType({}),
        ahead: Sequence[float] = (),
    ) -> None:
        self.folder = folder
        self.environ = environ
        self.placement = initial([host_name(number) for number in range(hosts)])
        self._live_profiles = live_profiles
        self._ahead = ahead or (0.0,) * hosts
        self._stores = [prepare(folder, environ, "normal")]
        self.hosts = [self.new_host(number) for number in range(hosts)]

    def new_host(self, number: int = 0, clock_of: int | None = None) -> ProfileHost:
        """Start one more incarnation of a host, knowing nothing but the store.

        With `clock_of` it runs where that other host does.
        """
        ahead = int(self._ahead[number if clock_of is None else clock_of] * 1_000_000)
        return ProfileHost(
            self.store(),
            self.placement,
            name=host_name(number),
            owner="a test",
            live_profiles=self._live_profiles,
            now=lambda: time_ns() // 1_000 + ahead,
        )

    def rival(self, name: str = "rival") -> ProfileHost:
        """Start a host that takes every profile for its own and fences nobody."""
        return ProfileHost(
            self.store(),
            initial([name]),
            name=name,
            owner="a test",
            live_profiles=self._live_profiles,
        )

    def restart(self) -> None:
        """Replace every host by a new incarnation."""
        self.hosts = [self.new_host(number) for number in range(len(self.hosts))]

    def store(self) -> Store:
        """Open the store once more."""
        self._stores.append(open_store(self.folder, self.environ, "normal"))
        return self._stores[-1]

    def router(self, reach: "type[InProcess] | None" = None) -> Router:
        """Give a router to the hosts, one incarnation after the other."""
        names = self.placement.hosts
        refs = {name: (reach or InProcess)(self, names.index(name)) for name in names}
        return Router(refs.__getitem__, self.placement, Reading(self.store()), LaneLimits())

    def stats(self) -> dict[str, int]:
        """Give the counters and the position of the log."""
        return stats(self._stores[0])

    def counted(self) -> dict[str, int]:
        """Give the counters that are not zero."""
        return {name: n for name, n in self.stats().items() if n and name != "position"}

    def uid(self, number: int, prefix: str = "u") -> str:
        """Give a UID whose visitor lives on that host."""
        return self._on(number, prefix, visitor_key)

    def cid(self, number: int, prefix: str = "c") -> str:
        """Give a CID whose customer lives on that host."""
        return self._on(number, prefix, customer_key)

    def close(self) -> None:
        """Close every connection."""
        for store in self._stores:
            store.backend.close()

    def _on(self, number: int, prefix: str, key: Callable[[str], str]) -> str:
        names = (f"{prefix}{n}" for n in count(1))
        return next(name for name in names if self.placement.owner(key(name)) == host_name(number))


class InProcess:
    """Reaches a host of this process by its number, whichever incarnation it is."""

    def __init__(self, deployment: Deployment, number: int) -> None:
        self._deployment = deployment
        self._number = number

    async def handle(self, batch: bytes) -> bytes:
        """See `ProfileHost.handle`."""
        return self.handle_now(batch)

    def handle_now(self, batch: bytes) -> bytes:
        """See `ProfileHost.handle`."""
        return self._deployment.hosts[self._number].handle(batch)

    async def read(self, question: Question) -> tuple[str | None, bytes | None]:
        """See `ProfileHost.read`."""
        return self._deployment.hosts[self._number].read(question)


class OnThreads(InProcess):
    """Lets each host work on a thread, so that two of them really race for the store."""

    async def handle(self, batch: bytes) -> bytes:
        """See `ProfileHost.handle`."""
        return await asyncio.to_thread(self.handle_now, batch)


@contextmanager
def deployed(hosts: int = 1, *, live_profiles: int = 1_000) -> Iterator[Deployment]:
    """Give a deployment in a folder of its own, gone when the block ends."""
    with TemporaryDirectory() as folder:
        deployment = Deployment(Path(folder), hosts, live_profiles=live_profiles)
        try:
            yield deployment
        finally:
            deployment.close()


def send(host: ProfileHost, *commands: AnyCommand, hint: str | None = None) -> list[Result]:
    """Have one batch applied and give the result of each call."""
    return host.take([Parcel(command, hint) for command in commands]).results


def customer(host: ProfileHost, cid: str) -> Document:
    """Ask a host for a customer that it knows."""
    moved, document = host.read(Question("customer", cid))
    assert moved is None
    assert document is not None
    return decoded(document)


def visitor(host: ProfileHost, uid: str) -> Document:
    """Ask a host for an unclaimed visitor that it knows."""
    moved, document = host.read(Question("visitor", uid))
    assert moved is None
    assert document is not None
    return decoded(document)


def decoded(document: bytes) -> Document:
    """Read a document as it travels."""
    read: Document = msgspec.json.decode(document)
    return read


def without_version(document: Document | None) -> Document | None:
    """Leave out what may differ between two orders of arrival (rule F5)."""
    if document is None:
        return None
    return {key: value for key, value in document.items() if key != "version"}


def batches(commands: Sequence[AnyCommand], size: int) -> list[Sequence[AnyCommand]]:
    """Split calls into batches of a size."""
    return [commands[start : start + size] for start in range(0, len(commands), size)]
