"""What tests of several folders share, started for the first of them: a PostgreSQL, an Onefold."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from scripts.postgres import QUICK, Postgres, postgres
from store.postgres import migrate
from tests.cluster.server import Server, serving
from tests.controls.databases import TEMPLATE

TESTS = Path(__file__).parent

SHARED = {
    "cluster": "clusters",
    "faults": "clusters",
    "clients": "a server",
    "sdk": "a server",
    "scripts": "a server",
}
"""Folder -> what its tests share with others: running servers, or most of a machine."""


class OneAfterTheOther(LoadScopeScheduling):  # type: ignore[misc]  # xdist ships no types
    """Keeps sharers in one process when tests run side by side; all others go where there is room.

    Marks of `xdist_group` would say the same, but pytest 9.2 does not see what pytest-xdist 3.8
    makes of them.
    """

    def _split_scope(self, nodeid: str) -> str:
        return SHARED.get(Path(nodeid).parts[1], nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneAfterTheOther:
    """Share tests out; the two largest shares, theirs, begin first."""
    return OneAfterTheOther(config, log)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """A real server for the whole run; tests keep apart by databases of their own."""
    with postgres(QUICK) as server:
        server.execute(f"CREATE DATABASE {TEMPLATE}")
        migrate(server.address(TEMPLATE))
        yield server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running Onefold with two hosts; tests keep apart by their own ids."""
    with serving(tmp_path_factory.mktemp("server"), "--hosts", "2", "--demo") as running:
        yield running
