"""What is particular to PostgreSQL: durability, locks, lost connections (decision 0026)."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event
from uuid import UUID, uuid4

import psycopg
import pytest
from eventsourcing.persistence import StoredEvent

from scripts.postgres import Postgres
from store.backend import Write
from store.errors import Conflict, StoreUnavailable
from store.postgres import PostgresBackend, connections
from tests.controls.cut import cut_way
from tests.controls.databases import fresh_database, until

ANA, BEN = UUID(int=1), UUID(int=2)


@pytest.fixture
def address(postgres_server: Postgres) -> Iterator[str]:
    with fresh_database(postgres_server) as name:
        yield postgres_server.address(name)


@pytest.fixture
def backend(address: str) -> Iterator[PostgresBackend]:
    backend = PostgresBackend(address)
    yield backend
    backend.close()


@pytest.fixture
def other(address: str) -> Iterator[psycopg.Connection]:
    """Somebody else who works on the same tables."""
    with psycopg.connect(address) as connection:
        yield connection


def events(profile_id: UUID, *versions: int) -> list[StoredEvent]:
    return [StoredEvent(profile_id, version, "tracked.1", b"state") for version in versions]


def setting(backend: PostgresBackend, name: str) -> object:
    return backend._rows(f"SHOW {name}")[0][0]  # noqa: SLF001 - a setting of the connection


def waiting(address: str) -> bool:
    """Tell whether somebody waits for a lock."""
    with psycopg.connect(address) as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ).fetchone()
        return found is not None and found[0] > 0


class TestDurability:
    @pytest.mark.parametrize(("synchronous", "level"), [("full", "on"), ("normal", "off")])
    def test_every_connection_is_durable_as_configured(
        self, address: str, synchronous: str, level: str
    ) -> None:
        backend = PostgresBackend(address, synchronous)
        assert setting(backend, "synchronous_commit") == level
        backend.close()

    def test_a_server_that_defaults_to_less_does_not_make_an_answer_a_lie(
        self, postgres_server: Postgres, address: str, backend: PostgresBackend
    ) -> None:
        name = psycopg.conninfo.conninfo_to_dict(address)["dbname"]
        postgres_server.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
        assert setting(backend, "synchronous_commit") == "on"

    def test_a_server_that_defaults_to_more_keeps_it(
        self, postgres_server: Postgres, address: str, backend: PostgresBackend
    ) -> None:
        name = psycopg.conninfo.conninfo_to_dict(address)["dbname"]
        postgres_server.execute(f"ALTER DATABASE {name} SET synchronous_commit = remote_apply")
        assert setting(backend, "synchronous_commit") == "remote_apply"

    def test_no_function_of_the_library_inserts_events(self, other: psycopg.Connection) -> None:
        """That mode takes no lock: readers lose events."""
        query = "SELECT proname FROM pg_proc WHERE pronamespace = 'onefold'::regnamespace"
        assert other.execute(query).fetchall() == [("write",)]  # ours


class TestLocks:
    @pytest.fixture(autouse=True)
    def _short_patience(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(connections, "LOCK_TIMEOUT_MS", 50)

    @pytest.mark.parametrize(
        "statement",
        [
            "LOCK TABLE onefold.events IN ROW EXCLUSIVE MODE",
            "UPDATE onefold.leases SET epoch = epoch",
            "INSERT INTO onefold.directory VALUES ('uid', 'u1', gen_random_uuid())",
        ],
    )
    def test_who_waits_too_long_for_another_transaction_is_told(
        self, backend: PostgresBackend, other: psycopg.Connection, statement: str
    ) -> None:
        lease = backend.take_lease("host-0", "a test")
        write = Write(lease, events=events(ANA, 1), born=[("uid", "u1", ANA)])
        other.execute(statement.encode())
        with pytest.raises(StoreUnavailable, match="lock timeout"):
            backend.write(write)
        assert backend.version(ANA) == 0
        other.rollback()
        assert backend.write(write) > 0

    def test_readers_do_not_wait_for_a_writer(
        self, backend: PostgresBackend, other: psycopg.Connection
    ) -> None:
        backend.write(Write(backend.take_lease("host-0", "a test"), events=events(ANA, 1)))
        other.execute("LOCK TABLE onefold.events IN EXCLUSIVE MODE")
        assert backend.version(ANA) == 1
        assert len(backend.stream(ANA)) == 1
        assert [row[0] for row in backend.page(0, 10)] == [1]

    def test_d6_a_lease_is_not_taken_while_a_batch_is_written_under_it(
        self, backend: PostgresBackend, other: psycopg.Connection
    ) -> None:
        """Or its events would come after the new holder has read the log."""
        lease = backend.take_lease("host-0", "a test")
        other.execute("SELECT epoch FROM onefold.leases WHERE name = 'host-0' FOR SHARE")
        with pytest.raises(StoreUnavailable, match="lock timeout"):
            backend.take_lease("host-0", "another")
        other.rollback()
        assert backend.take_lease("host-0", "another").epoch == lease.epoch + 1


def test_a_batch_holds_its_lease_row_until_it_is_committed(
    address: str, backend: PostgresBackend, other: psycopg.Connection
) -> None:
    """A batch that waits for the log keeps the next holder of its lease waiting, not overtaken."""
    lease = backend.take_lease("host-0", "a test")
    rival = PostgresBackend(address)
    other.execute("LOCK TABLE onefold.events IN EXCLUSIVE MODE")
    with ThreadPoolExecutor() as pool:
        written = pool.submit(backend.write, Write(lease, events=events(ANA, 1)))
        until(lambda: waiting(address))
        taken = pool.submit(rival.take_lease, "host-0", "another")
        until(lambda: len(waits(address)) == 2)
        other.rollback()
        assert written.result() == 1
        assert taken.result().epoch == 2
    rival.close()


def waits(address: str) -> list[int]:
    """List the processes that wait for a lock."""
    with psycopg.connect(address) as connection:
        found = connection.execute(
            "SELECT pid FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return [pid for (pid,) in found]


def test_of_two_who_wait_for_each_other_one_is_told_to_decide_anew(
    address: str, backend: PostgresBackend, other: psycopg.Connection
) -> None:
    lease = backend.take_lease("host-0", "a test")
    backend.write(Write(lease, books=[("device:a", 0, b"1"), ("device:b", 0, b"1")]))
    other.execute("SET deadlock_timeout = '30s'")  # so that the backend finds out first
    change = "UPDATE onefold.books SET book = '2' WHERE link = %s"
    other.execute(change, ("device:b",))
    both = Write(lease, books=[("device:b", 1, b"3"), ("device:a", 1, b"3")])
    with ThreadPoolExecutor() as pool:
        written = pool.submit(backend.write, both)
        until(lambda: waiting(address))
        other.execute(change, ("device:a",))
        with pytest.raises(Conflict, match="deadlock"):
            written.result()
        other.rollback()
    assert backend.write(both) == 0


def test_a_client_that_freezes_in_a_transaction_is_put_out(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "IDLE_TIMEOUT_MS", 100)
    frozen, lively = PostgresBackend(address), PostgresBackend(address)
    lease = lively.take_lease("host-0", "a test")
    with frozen._datastore.connections.connection() as connection:  # noqa: SLF001 - a batch stopped in the middle
        connection.execute("BEGIN; LOCK TABLE onefold.events IN EXCLUSIVE MODE")
        assert lively.write(Write(lease, events=events(ANA, 1))) == 1
    assert frozen.version(ANA) == 1
    for backend in (frozen, lively):
        backend.close()


def test_a_batch_that_arrives_in_part_is_in_nobodys_way(address: str, tmp_path: Path) -> None:
    """Its client froze or was cut off; the server may take hours to find out (decision 0044)."""
    with opened(address) as lively, cut_way(address, tmp_path, after=100_000) as (way, cut):
        lease = lively.take_lease("host-0", "a test")
        with ThreadPoolExecutor(1) as thread, opened(way) as frozen:
            writing = thread.submit(
                frozen.write, Write(lease, events=events(ANA, *range(1, 5_000)))
            )
            try:
                assert cut.is_cut.wait(60)
                successor = lively.take_lease("host-0", "its successor")
                assert lively.write(Write(successor, events=events(ANA, 1))) == 1
            finally:
                cut.is_over.set()
            with pytest.raises(StoreUnavailable):
                writing.result()
        assert lively.version(ANA) == 1


def test_a_reader_that_follows_the_log_misses_nothing(address: str) -> None:
    """Positions become visible in their order, however many write at once (decision D4)."""
    finished = Event()

    def write_some(number: int) -> None:
        with opened(address) as backend:
            lease = backend.take_lease(f"host-{number}", "a test")
            for _ in range(60):
                backend.write(Write(lease, events=events(uuid4(), 1, 2, 3)))

    def follow() -> list[int]:
        seen: list[int] = []
        with opened(address) as backend:
            while not (finished.is_set() and backend.position() == (seen[-1] if seen else 0)):
                seen += [row[0] for row in backend.page(seen[-1] if seen else 0, 50)]
        return seen

    with ThreadPoolExecutor(7) as pool:
        followed = pool.submit(follow)
        for done in [pool.submit(write_some, number) for number in range(6)]:
            done.result()
        finished.set()
        assert followed.result() == list(range(1, 6 * 60 * 3 + 1))


@contextmanager
def opened(address: str) -> Iterator[PostgresBackend]:
    with ExitStack() as stack:
        backend = PostgresBackend(address)
        stack.callback(backend.close)
        yield backend


class TestLostConnections:
    def test_connections_ended_by_the_server_are_replaced(
        self, backend: PostgresBackend, other: psycopg.Connection
    ) -> None:
        lease = backend.take_lease("host-0", "a test")
        other.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert backend.write(Write(lease, events=events(ANA, 1))) == 1

    @pytest.mark.parametrize(
        ("take", "give_back"),
        [
            ("REVOKE ALL ON onefold.books FROM limited", "GRANT ALL ON onefold.books TO limited"),
            ("DROP TABLE onefold.books", None),
        ],
    )
    def test_rights_and_tables_taken_away_are_no_fault_of_a_call(
        self, address: str, other: psycopg.Connection, take: str, give_back: str | None
    ) -> None:
        other.execute("DROP ROLE IF EXISTS limited")
        other.execute("CREATE ROLE limited LOGIN")
        other.execute("GRANT USAGE ON SCHEMA onefold TO limited")
        other.execute("GRANT ALL ON ALL TABLES IN SCHEMA onefold TO limited")
        other.commit()
        with opened(address.replace("postgres@", "limited@")) as backend:
            assert backend.books(["device:a"]) == {}
            other.execute(take.encode())
            other.commit()
            with pytest.raises(StoreUnavailable):
                backend.books(["device:a"])
            if give_back is not None:
                other.execute(give_back.encode())
                other.commit()
                assert backend.books(["device:a"]) == {}
