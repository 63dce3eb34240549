"""A real server that is killed, restarted, closed to writers: 503 meanwhile, then it goes on."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import StoredEvent

from scripts.postgres import QUICK, Postgres, postgres
from store.backend import Write
from store.errors import Conflict, StoreUnavailable
from store.postgres import PostgresBackend, migrate
from tests.controls.databases import until

KILLS, WRITERS = 3, 4


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A server of this file's own, for no other test expects what is done to it."""
    with postgres(QUICK) as server:
        migrate(server.address())
        yield server


@pytest.fixture
def backend(server: Postgres) -> Iterator[PostgresBackend]:
    backend = PostgresBackend(server.address())
    yield backend
    backend.close()


def one(profile_id: UUID, version: int = 1) -> list[StoredEvent]:
    return [StoredEvent(profile_id, version, "tracked.1", b"state")]


def test_a_killed_server_is_unavailable_and_then_goes_on(
    server: Postgres, backend: PostgresBackend
) -> None:
    ana = uuid4()
    lease = backend.take_lease("host-0", "a test")
    before = backend.write(Write(lease, events=one(ana)))
    server.kill()
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            backend.write(Write(lease, events=one(ana, 2)))
        with pytest.raises(StoreUnavailable):
            backend.stream(ana)
    server.start()
    assert backend.version(ana) == 1
    assert backend.write(Write(lease, events=one(ana, 2))) > before


def test_a_server_closed_to_writers_is_read_meanwhile(
    server: Postgres, backend: PostgresBackend
) -> None:
    ana = uuid4()
    lease = backend.take_lease("host-0", "a test")
    backend.write(Write(lease, events=one(ana)))
    server.set("default_transaction_read_only", "on")
    until(lambda: backend._rows("SHOW default_transaction_read_only") == [("on",)])  # noqa: SLF001 - a setting of the connection
    for refused in (
        lambda: backend.write(Write(lease, events=one(ana, 2))),
        lambda: backend.write(Write(lease, tallies={"duplicates": 1})),
        lambda: backend.take_lease("host-0", "a test"),
        lambda: backend.put("salt", b"value"),
    ):
        with pytest.raises(StoreUnavailable, match="read-only transaction"):
            refused()
    assert backend.version(ana) == 1
    server.set("default_transaction_read_only", "off")
    until(lambda: backend._rows("SHOW default_transaction_read_only") == [("off",)])  # noqa: SLF001 - see above
    backend.write(Write(lease, events=one(ana, 2)))
    assert backend.version(ana) == 2


class Writer:
    """Writes one event after the other, each until it is stored, and remembers what was answered.

    `StoreUnavailable` may come after the commit; then the next try meets its own event.
    """

    def __init__(self, server: Postgres, number: int) -> None:
        self.profile_id = uuid4()
        self.answered = 0
        self.doubted = 0
        self._backend = PostgresBackend(server.address())
        self._lease = self._backend.take_lease(f"host-{number}", "a test")

    def run(self, finished: Event) -> None:
        while not finished.is_set():
            self._store(self.answered + 1)
        self._backend.close()

    def _store(self, version: int) -> None:
        write = Write(self._lease, events=one(self.profile_id, version), tallies={"activities": 1})
        while True:
            try:
                self._backend.write(write)
                break
            except StoreUnavailable:
                continue
            except Conflict:
                assert self._backend.version(self.profile_id) == version
                self.doubted += 1
                break
        self.answered = version


@pytest.mark.slow
def test_kills_under_load_lose_and_double_nothing(
    server: Postgres, backend: PostgresBackend
) -> None:
    finished = Event()
    earlier = backend.tallies().get("activities", 0)
    writers = [Writer(server, number) for number in range(WRITERS)]
    with ThreadPoolExecutor(WRITERS) as pool:
        running = [pool.submit(writer.run, finished) for writer in writers]
        try:
            for _ in range(KILLS):
                answered = [writer.answered for writer in writers]
                until(lambda: grown(writers, answered, running))  # noqa: B023 - used in this round only
                server.kill()
                server.start()
            answered = [writer.answered for writer in writers]
            until(lambda: grown(writers, answered, running))
        finally:
            finished.set()
        for done in running:
            done.result()
    assert [backend.version(writer.profile_id) for writer in writers] == [
        writer.answered for writer in writers
    ]
    # Each write counted once: those in doubt are there whole or not at all.
    written = sum(writer.answered for writer in writers)
    assert backend.tallies()["activities"] - earlier == written


def grown(writers: list[Writer], before: list[int], running: list[Future[None]]) -> bool:
    """Tell whether every writer got on; raises what ended one."""
    for done in running:
        if done.done():
            done.result()
    return all(writer.answered >= had + 5 for writer, had in zip(writers, before, strict=True))
