"""What tests of several folders share: one PostgreSQL server, started for the first of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.postgres import QUICK, Postgres, postgres
from store.postgres import migrate
from tests.controls.databases import TEMPLATE

TESTS = Path(__file__).parent

SHARING = {
    "cluster": "clusters",
    "faults": "clusters",
    "clients": "servers",
    "scripts": "servers",
    "sdk": "servers",
}
"""Folders whose tests share running servers, or need most of a machine each, by who keeps them."""


def pytest_itemcollected(item: pytest.Item) -> None:
    """Keep a folder's tests in one process when tests run side by side.

    At once: what is marked when all are collected comes too late for those who share them out.
    """
    folder = item.path.relative_to(TESTS).parts[0]
    if folder in SHARING:
        item.add_marker(pytest.mark.xdist_group(SHARING[folder]))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """A real server for the whole run; tests keep apart by databases of their own."""
    with postgres(QUICK) as server:
        server.execute(f"CREATE DATABASE {TEMPLATE}")
        migrate(server.address(TEMPLATE))
        yield server
