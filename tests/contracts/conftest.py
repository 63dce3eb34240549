"""The contract runs once over every kind of database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from store.backend import Backend
from tests.contracts.databases import KINDS, Database


@pytest.fixture(params=sorted(KINDS))
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    made = KINDS[request.param](tmp_path, lambda: request.getfixturevalue("postgres_server"))
    yield made
    made.close()


@pytest.fixture
def backend(database: Database) -> Backend:
    return database.open()
