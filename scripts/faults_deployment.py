"""The deployment that is to suffer, and what faults and checker must know of it."""

import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Literal

import httpx
import msgspec

from scripts.faults_network import HOME, Network
from scripts.faults_nodes import Nodes, cluster_of, followed
from scripts.postgres import QUICK, Postgres, postgres
from scripts.running import Server, running
from service.readiness import NotReady
from store.postgres import migrate

MARK = "FAULTS_OF_ONEFOLD"
"""Stands in the environment of every process of a deployment, with a value of its own."""

HOSTS = 2
READY_WITHIN = 120.0
DATABASE = "onefold"
EVERYWHERE = "0.0.0.0"  # noqa: S104 - in a network that nobody else is in

StoreKind = Literal["sqlite", "postgresql"]


class Deployment(msgspec.Struct, frozen=True):
    """A running server; `database` is None for a file, `nodes` for a Ray of its own."""

    data: Path
    server: Server
    mark: str
    database: Postgres | None = None
    nodes: Nodes | None = None

    @property
    def environ(self) -> dict[str, str]:
        """What a process needs in its environment to find the store."""
        if self.database is None:
            return {}
        return {"ONEFOLD_STORE": self.database.address(DATABASE)}

    @property
    def urls(self) -> tuple[str, ...]:
        """The addresses of the gateways."""
        return (self.server.url,) if self.nodes is None else self.nodes.urls or (self.server.url,)

    def ready(self) -> Server:
        """Give the server by a gateway that is ready: the first one's node may be gone.

        Raises `NotReady`.
        """
        give_up = monotonic() + READY_WITHIN
        while True:
            for url in self.urls:
                with suppress(httpx.HTTPError):
                    if httpx.get(f"{url}/readyz", timeout=5, trust_env=False).is_success:
                        return msgspec.structs.replace(self.server, url=url)
            if monotonic() > give_up:
                raise NotReady(", ".join(self.urls), "none was", READY_WITHIN)
            Event().wait(0.2)

    def pids(self, title: str) -> list[int]:
        """Find the processes whose titles begin so: `ray::` and the class for an actor."""
        mark = f"{MARK}={self.mark}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdecimal():
                continue
            try:
                if not (entry / "cmdline").read_bytes().startswith(title.encode()):
                    continue
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
            except OSError:  # it ended while we looked
                continue
        return sorted(found)


@contextmanager
def deployed(
    folder: Path,
    store: StoreKind,
    nodes: int = 1,
    network: Network | None = None,
    *,
    is_quick: bool = False,
) -> Iterator[Deployment]:
    """Run a deployment of several hosts for as long as the block runs.

    `is_quick`: its PostgreSQL does not wait for the disk. More than one of `nodes` make a Ray
    cluster on this machine, which the deployment joins; with a `network` they and the database
    are reached over it.
    """
    mark, data = secrets.token_hex(8), folder / "onefold"
    with ExitStack() as closing:
        os.environ[MARK] = mark
        closing.callback(os.environ.pop, MARK)
        database = None
        if store == "postgresql":
            database = closing.enter_context(_database(network, is_quick=is_quick))
        address = None if database is None else database.address(DATABASE)
        if nodes == 1 or address is None:
            server = closing.enter_context(running(data, HOSTS, address))
            yield Deployment(data, server, mark, database)
            return
        environ = {"ONEFOLD_STORE": address, **_keys()}
        cluster = closing.enter_context(cluster_of(nodes, environ, network))
        joining = {**environ, "ONEFOLD_RAY_ADDRESS": cluster.address}
        host = "127.0.0.1" if network is None else EVERYWHERE
        server = closing.enter_context(running(data, nodes, address, joining, host))
        closing.enter_context(followed(cluster))
        yield Deployment(data, server, mark, database, cluster)


@contextmanager
def _database(network: Network | None, *, is_quick: bool) -> Iterator[Postgres]:
    listen = None if network is None else HOME
    with postgres(QUICK if is_quick else None, listen) as database:
        database.execute(f"CREATE DATABASE {DATABASE}")
        migrate(database.address(DATABASE))
        yield database


def _keys() -> dict[str, str]:
    """Make keys that every node of a cluster knows before the first of them serves."""
    names = ("ONEFOLD_WRITE_KEY", "ONEFOLD_API_TOKEN")
    return {name: secrets.token_urlsafe(24) for name in names}
