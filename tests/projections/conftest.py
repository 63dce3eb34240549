"""Every test of the views runs on every kind of database that they may be kept in."""

from collections.abc import Iterator
from functools import partial

import pytest
from sqlalchemy import Engine

from scripts.postgres import Postgres
from tests.projections.databases import chosen, in_postgres, in_sqlite, postgres_engine


@pytest.fixture(scope="session")
def engine(postgres_server: Postgres) -> Iterator[Engine]:
    """Connections to PostgreSQL, shared by all tests: each has a schema of its own."""
    made = postgres_engine(postgres_server)
    yield made
    made.dispose()


# Of the session, and not of a function: the examples of Hypothesis share one.
@pytest.fixture(scope="session", params=["sqlite", "postgres"], autouse=True)
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """Choose the database that `views()` opens; gives its name."""
    name: str = request.param
    opened = in_sqlite
    if name == "postgres":
        opened = partial(in_postgres, request.getfixturevalue("engine"))
    with chosen(opened):
        yield name
