"""What is particular to the embedded store: durability, limits, locks (decision D4)."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import UUID

import pytest
from eventsourcing.persistence import StoredEvent

from store.backend import Write
from store.errors import StoreUnavailable
from store.sqlite import SqliteBackend, datastore
from store.sqlite.datastore import CHECKPOINT_PAGES, durable
from store.sqlite.recorder import LogRecorder
from store.sqlite.schema import VERSION

ANA = UUID(int=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "onefold.db"


@pytest.fixture
def backend(path: Path) -> Iterator[SqliteBackend]:
    backend = SqliteBackend(path)
    backend.create()
    yield backend
    backend.close()


def events(*versions: int, state: bytes = b"state") -> list[StoredEvent]:
    return [StoredEvent(ANA, version, "tracked.1", state) for version in versions]


def setting(backend: SqliteBackend, name: str) -> object:
    with backend._datastore.transaction(commit=False) as c:  # noqa: SLF001 - a setting of the connection
        c.execute(f"PRAGMA {name}")
        return c.fetchone()[0]


@pytest.mark.parametrize(("synchronous", "level"), [("full", 2), ("normal", 1)])
def test_d4_every_connection_is_durable_as_configured(
    path: Path, synchronous: str, level: int
) -> None:
    backend = SqliteBackend(path, synchronous)
    backend.create()
    assert setting(backend, "synchronous") == level
    assert setting(backend, "journal_mode") == "wal"
    assert setting(backend, "wal_autocheckpoint") == CHECKPOINT_PAGES
    backend.close()


def test_a_store_knows_its_schema_and_is_made_once(backend: SqliteBackend) -> None:
    assert backend.get("schema") == b"%d" % VERSION
    backend.put("salt", b"value")
    backend.create()
    assert backend.get("salt") == b"value"


def test_a_file_that_is_no_database_is_unavailable_and_left_alone(path: Path) -> None:
    path.write_bytes(b"a letter to Ana, and no database" * 100)
    backend = SqliteBackend(path)
    with pytest.raises(StoreUnavailable, match="not a database"):
        backend.create()
    backend.close()
    assert path.read_bytes().startswith(b"a letter to Ana")


def test_what_is_done_once_a_write_is_accepted_is_done_before_the_commit(
    backend: SqliteBackend, path: Path
) -> None:
    other, seen = SqliteBackend(path), list[int]()
    lease = backend.take_lease("host-0", "a test")
    write = Write(lease, events=events(1), accepted=lambda: seen.append(other.position()))
    assert (backend.write(write), seen, other.position()) == (1, [0], 1)
    other.close()


def test_a_database_at_its_limit_stores_nothing_and_recovers(backend: SqliteBackend) -> None:
    lease = backend.take_lease("host-0", "a test")
    backend.write(Write(lease, events=events(1)))
    usual = setting(backend, "max_page_count")
    setting(backend, "max_page_count = 1")
    large = Write(lease, events=events(2, 3, state=bytes(100_000)), tallies={"activities": 2})
    with pytest.raises(StoreUnavailable, match="database or disk is full"):
        backend.write(large)
    assert (backend.position(), backend.version(ANA), backend.tallies()) == (1, 1, {})
    setting(backend, f"max_page_count = {usual}")
    assert backend.write(large) == 3


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let somebody else write to the file, and take long about it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def test_who_waits_too_long_for_another_writer_is_told(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datastore, "LOCK_TIMEOUT", 0.02)
    backend = SqliteBackend(path)
    backend.create()
    lease = backend.take_lease("host-0", "a test")
    backend.write(Write(lease, events=events(1)))
    with locked(path):
        with pytest.raises(StoreUnavailable, match="database is locked"):
            backend.write(Write(lease, events=events(2)))
        assert backend.version(ANA) == 1
    assert backend.write(Write(lease, events=events(2))) == 2
    backend.close()


def test_readers_do_not_wait_for_a_writer(backend: SqliteBackend, path: Path) -> None:
    backend.write(Write(backend.take_lease("host-0", "a test"), events=events(1)))
    with locked(path):
        assert backend.version(ANA) == 1
        assert len(backend.stream(ANA)) == 1


def test_the_log_is_read_in_pages_by_topic_and_position(path: Path) -> None:
    store = durable(str(path))
    recorder = LogRecorder(store)
    recorder.create_table()
    topics = ["tracked.1", "merged.1", "tracked.1", "merged.1"]
    recorder.insert_events([StoredEvent(ANA, n, topic, b"") for n, topic in enumerate(topics, 1)])
    page = recorder.select_notifications(2, 10, topics=["merged.1"])
    assert [(entry.id, entry.originator_version) for entry in page] == [(2, 2), (4, 4)]
    after = recorder.select_notifications(2, 1, inclusive_of_start=False)
    assert [entry.id for entry in after] == [3]
    store.close()
