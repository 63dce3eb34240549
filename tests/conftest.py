"""What tests of several folders share: one PostgreSQL server, started for the first of them."""

from collections.abc import Iterator

import pytest

from scripts.postgres import QUICK, Postgres, postgres
from store.postgres import migrate
from tests.controls.databases import TEMPLATE


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """A real server for the whole run; tests keep apart by databases of their own."""
    with postgres(QUICK) as server:
        server.execute(f"CREATE DATABASE {TEMPLATE}")
        migrate(server.address(TEMPLATE))
        yield server
