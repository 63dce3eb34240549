"""What tests of several folders share: one PostgreSQL server, started for the first of them."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.postgres import QUICK, Postgres, postgres
from store.postgres import migrate
from tests.controls.databases import TEMPLATE

TESTS = Path(__file__).parent

SHARING = {"cluster", "faults", "clients", "scripts", "sdk"}
"""Folders whose tests share running servers, or need most of a machine each."""


def pytest_itemcollected(item: pytest.Item) -> None:
    """Keep them in one process when tests run side by side, and one after the other.

    At once: what is marked when all are collected comes too late for those who share them out.
    """
    if item.path.relative_to(TESTS).parts[0] in SHARING:
        item.add_marker(pytest.mark.xdist_group("servers"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with them when tests run side by side: they take longest."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: not any(item.iter_markers("xdist_group")))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """A real server for the whole run; tests keep apart by databases of their own."""
    with postgres(QUICK) as server:
        server.execute(f"CREATE DATABASE {TEMPLATE}")
        migrate(server.address(TEMPLATE))
        yield server
