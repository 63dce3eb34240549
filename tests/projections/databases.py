"""Databases for the views of a test: SQLite in memory, and a schema of the tests' PostgreSQL."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.pool import StaticPool

from scripts.postgres import Postgres

Opened = Callable[[], AbstractContextManager[Connection]]
"""Gives a connection to an empty database, gone when the block ends."""

_numbers = count(1)


@contextmanager
def in_sqlite() -> Iterator[Connection]:
    """Give a database in memory."""
    engine = create_engine(
        "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}
    )
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def postgres_engine(server: Postgres) -> Engine:
    """Connect to the server of the tests."""
    address = server.address().replace("postgresql:", "postgresql+psycopg:")
    return create_engine(address)


@contextmanager
def in_postgres(engine: Engine) -> Iterator[Connection]:
    """Give a schema of one's own: cheaper than a database, and tests open many."""
    schema = f"views_{next(_numbers)}"
    with engine.begin() as making:
        making.execute(text(f"CREATE SCHEMA {schema}"))
    try:
        with engine.connect() as connection:
            connection.execute(text(f"SET search_path TO {schema}"))
            connection.commit()
            yield connection
    finally:
        with engine.begin() as dropping:
            dropping.execute(text(f"DROP SCHEMA {schema} CASCADE"))


_chosen: list[Opened] = [in_sqlite]


def empty_database() -> AbstractContextManager[Connection]:
    """Give an empty database of the kind that tests run on now; SQLite unless one was chosen."""
    return _chosen[-1]()


@contextmanager
def chosen(opened: Opened) -> Iterator[None]:
    """Let tests run on that kind of database for as long as the block runs."""
    _chosen.append(opened)
    try:
        yield
    finally:
        _chosen.pop()
