"""What tests of several folders share: one PostgreSQL server, started for the first of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.postgres import QUICK, Postgres, postgres
from store.postgres import migrate
from tests.controls.databases import TEMPLATE

TESTS = Path(__file__).parent

SHARING = {"clients", "cluster", "faults", "scripts", "sdk"}
"""Folders whose tests share a running server, or need most of a machine each."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep them in one process when tests run side by side: two servers slow each other down."""
    for item in items:
        if item.path.relative_to(TESTS).parts[0] in SHARING:
            item.add_marker(pytest.mark.xdist_group("servers"))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """A real server for the whole run; tests keep apart by databases of their own."""
    with postgres(QUICK) as server:
        server.execute(f"CREATE DATABASE {TEMPLATE}")
        migrate(server.address(TEMPLATE))
        yield server
