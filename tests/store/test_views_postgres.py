"""Views beside the log in PostgreSQL: one writer at a time, and no row is blamed for a server."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event
from time import time

import pytest
from sqlalchemy import text

from scripts.postgres import QUICK, Postgres, postgres
from store.postgres import PostgresBackend
from store.views import generations, leases, tracking
from store.views.database import ViewDatabase
from store.views.errors import RebuildRunning, ViewsUnavailable
from store.views.postgres import ViewSchema
from tests.controls.databases import fresh_database, until

CLUSTER = Path(__file__).parents[2] / "docs/cluster.md"


@pytest.fixture
def address(postgres_server: Postgres) -> Iterator[str]:
    with fresh_database(postgres_server) as name:
        yield postgres_server.address(name)


@pytest.fixture
def database(address: str) -> Iterator[ViewDatabase]:
    opened = ViewDatabase(ViewSchema(address))
    opened.create()
    yield opened
    opened.close()


def live(database: ViewDatabase) -> generations.Generation:
    with database.writing() as connection:
        return generations.add(connection, "shoes", 1, "live")


def test_of_many_who_make_it_at_once_one_does(address: str) -> None:
    several = [ViewDatabase(ViewSchema(address)) for _ in range(8)]
    with ThreadPoolExecutor(len(several)) as threads:
        made = list(threads.map(ViewDatabase.create, several))
    assert sorted(made) == [False] * 7 + [True]
    for database in several:
        database.close()


def test_the_lease_of_a_view_goes_by_the_databases_clock(
    database: ViewDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node whose clock is twenty minutes fast takes no rebuild away from one that works."""
    with database.writing() as connection:
        held = leases.take(connection, "shoes")
    monkeypatch.setattr(leases, "time", lambda: time() + 1_200)
    with pytest.raises(RebuildRunning), database.writing() as connection:
        leases.take(connection, "shoes")
    with database.writing() as connection:
        leases.renew(connection, held)


def test_who_holds_a_view_keeps_other_writers_waiting_and_no_reader(
    database: ViewDatabase,
) -> None:
    generation = live(database)
    begun, done = Event(), Event()

    def write() -> None:
        with database.writing() as connection:
            begun.set()
            generations.hold(connection, "shoes")
            tracking.advance(connection, generation.key, 7, 9)
        done.set()

    with ThreadPoolExecutor(1) as threads, database.writing() as held:
        generations.hold(held, "shoes")
        writing = threads.submit(write)
        assert begun.wait(60)
        with database.reading() as connection:
            until(lambda: _waits_for_a_lock(database))
            assert tracking.position(connection, generation.key) == 0
        assert not done.is_set()
        tracking.advance(held, generation.key, 0, 7)
        held.commit()
        writing.result(60)
    with database.reading() as connection:
        assert tracking.position(connection, generation.key) == 9


def test_a_server_that_was_away_is_trouble_and_then_is_not() -> None:
    with postgres(QUICK) as server:
        database = ViewDatabase(ViewSchema(server.address()))
        database.create()
        generation = live(database)
        server.stop()
        with pytest.raises(ViewsUnavailable, match="cannot be used"):
            live(database)
        server.start()
        with database.reading() as connection:
            assert generations.live(connection, "shoes") == generation
        database.close()


def test_a_role_that_may_make_nothing_is_told_so(postgres_server: Postgres, address: str) -> None:
    postgres_server.execute("DROP ROLE IF EXISTS reader", "CREATE ROLE reader LOGIN")
    database = ViewDatabase(ViewSchema(address.replace("postgres@", "reader@")))
    with pytest.raises(ViewsUnavailable, match="permission denied"):
        database.create()
    database.close()


@pytest.mark.usefixtures("database")
def test_a_role_with_the_grants_that_are_documented_may_serve(
    postgres_server: Postgres, address: str
) -> None:
    """The statements are those of `docs/cluster.md`, word for word."""
    name = address.partition("@/")[2].partition("?")[0]
    grants = [line.strip() for line in CLUSTER.read_text().splitlines() if "GRANT " in line]
    assert len(grants) == 5
    made = ("DROP ROLE IF EXISTS app", "CREATE ROLE app LOGIN")
    postgres_server.execute(*made, *grants, database=name)
    served = address.replace("postgres@", "app@")
    with (
        closing(PostgresBackend(served)) as backend,
        closing(ViewDatabase(ViewSchema(served))) as v,
    ):
        backend.check()
        assert backend.take_lease("host-0", "a test").epoch == 1
        assert not v.create()
        generation = live(v)
        with v.writing() as connection:
            generations.drop(connection, generation)
    postgres_server.execute("DROP OWNED BY app", "DROP ROLE app", database=name)


def _waits_for_a_lock(database: ViewDatabase) -> bool:
    query = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    with database.reading() as connection:
        return bool(connection.execute(query).scalar_one())
