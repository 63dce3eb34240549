"""Fresh PostgreSQL databases on the server of the tests, each with the store's tables in it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from threading import Event
from time import monotonic

from scripts.postgres import Postgres

TEMPLATE = "with_tables"
WITHIN = 60.0

_numbers = count(1)


@contextmanager
def fresh_database(server: Postgres, template: str = TEMPLATE) -> Iterator[str]:
    """Give the name of a database that nobody else uses, gone when the block ends."""
    name = f"test_{next(_numbers)}"
    server.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    try:
        yield name
    finally:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def until(is_so: Callable[[], bool]) -> None:
    """Wait for a condition, for as long as a slow machine may need."""
    give_up = monotonic() + WITHIN
    while not is_so():
        assert monotonic() < give_up, f"not within {WITHIN:.0f} s"
        Event().wait(0.01)
