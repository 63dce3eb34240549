"""One deployment at a time works on a database (decision 0027)."""

from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue

import psycopg
import pytest

from scripts.postgres import QUICK, Postgres, postgres
from store.errors import DatabaseInUse, StoreUnreachable
from store.location import VARIABLE, only_deployment
from store.postgres import lock
from store.postgres.lock import DatabaseLock, end_holder
from tests.controls.databases import WITHIN, fresh_database, until


@pytest.fixture
def address(postgres_server: Postgres) -> Iterator[str]:
    with fresh_database(postgres_server) as name:
        yield postgres_server.address(name)


@pytest.fixture(autouse=True)
def _quick_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "PERIOD", 0.02)


@contextmanager
def held(address: str, lost: "Queue[DatabaseInUse] | None" = None) -> Iterator[None]:
    """Hold the database as a deployment does; what it loses it to goes into the queue."""
    with only_deployment({VARIABLE: address}, (lost or Queue[DatabaseInUse]()).put):
        yield


def is_held(address: str) -> bool:
    with psycopg.connect(address) as connection:
        found = connection.execute("SELECT 1 FROM pg_locks WHERE locktype = 'advisory'")
        return found.fetchone() is not None


def test_a_second_deployment_is_told_who_is_there(address: str) -> None:
    with held(address), pytest.raises(DatabaseInUse, match=r"onefold on .*, pid \d+, since 20"):
        DatabaseLock(address, print)


def test_who_lets_go_lets_the_next_one_in(address: str) -> None:
    for _ in range(3):
        with held(address):
            assert is_held(address)
    assert not is_held(address)


def test_databases_of_one_server_are_held_apart(postgres_server: Postgres, address: str) -> None:
    with (
        fresh_database(postgres_server) as other,
        held(address),
        held(postgres_server.address(other)),
    ):
        pass


def test_a_file_needs_no_lock_of_this_kind() -> None:
    with held("sqlite"), held("sqlite"):
        pass


def test_a_server_that_is_not_there_is_named() -> None:
    with pytest.raises(StoreUnreachable, match="Expected a PostgreSQL server at"):
        DatabaseLock("postgresql://onefold@127.0.0.1:1/onefold", print)


def test_a_lost_deployment_can_be_put_out(address: str) -> None:
    assert end_holder(address) is None
    with psycopg.connect(address) as lost:
        lost.execute("SELECT pg_advisory_lock(%s, %s)", lock.KEY)
        lost.execute("SET application_name = 'onefold on elsewhere, pid 7'")
        lost.commit()
        assert str(end_holder(address)).startswith("onefold on elsewhere, pid 7, since ")
        until(lambda: not is_held(address))
        with held(address):
            pass


def test_it_is_taken_again_when_its_server_was_away() -> None:
    with postgres(QUICK) as server:
        address = server.address()
        lost = Queue[DatabaseInUse]()
        with held(address, lost):
            server.kill()
            server.start()
            until(lambda: is_held(address))
            with pytest.raises(DatabaseInUse):
                DatabaseLock(address, print)
        assert lost.empty()


def test_who_finds_another_in_its_place_is_told(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "PERIOD", 1.0)  # long enough for another to be quicker
    lost = Queue[DatabaseInUse]()
    with held(address, lost):
        end_holder(address)
        until(lambda: not is_held(address))
        with psycopg.connect(address) as other:
            other.execute("SELECT pg_advisory_lock(%s, %s)", lock.KEY)
            assert "is in use by another Onefold" in str(lost.get(timeout=WITHIN))
    assert lost.empty()
