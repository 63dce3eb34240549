"""The event library's own conformance suites, run on our PostgreSQL recorder (decision D4)."""

import io
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from typing import Any
from unittest import TestCase
from uuid import uuid4

import pytest
from eventsourcing.persistence import StoredEvent

# As a module: what is imported by name from it would be collected as a test of ours.
from eventsourcing.tests import persistence as library

from scripts.postgres import Postgres
from store.postgres.address import conninfo
from store.postgres.datastore import Datastore
from store.postgres.recorder import LogRecorder, LogSubscription
from tests.controls.databases import fresh_database


class AggregateRecorder(LogRecorder):
    """Our recorder as far as aggregates are concerned, who are told no positions."""

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        **kwargs: Any,
    ) -> Sequence[int] | None:
        super().insert_events(stored_events, **kwargs)
        return None


class OnOneDatabase(TestCase):
    """Gives each test a database of its own, and lets none of them print its timings."""

    @pytest.fixture(autouse=True)
    def _a_database(self, postgres_server: Postgres) -> Iterator[None]:
        with fresh_database(postgres_server) as name:
            self.address = postgres_server.address(name)
            yield

    def setUp(self) -> None:
        super().setUp()
        self.others = set(threading.enumerate())
        self.enterContext(redirect_stdout(io.StringIO()))

    def opened(self, kind: type[LogRecorder] = LogRecorder) -> LogRecorder:
        datastore = Datastore(conninfo(self.address))
        self.addCleanup(datastore.close)
        self.addCleanup(self.join_readers)
        return kind(datastore)

    def join_readers(self) -> None:
        """Wait for the threads that the suites leave behind: their connections are closed next."""
        for thread in set(threading.enumerate()) - self.others:
            thread.join()


class TestAsApplicationRecorder(OnOneDatabase, library.ApplicationRecorderTestCase[LogRecorder]):
    def create_recorder(self) -> LogRecorder:
        return self.opened()

    def test_subscribers_are_told_of_what_is_inserted(self) -> None:
        self.optional_test_insert_subscribe()


class LateListener(LogSubscription):
    """Listens only when told to, and tells when it has read the log for the first time."""

    has_read = threading.Event()
    may_listen = threading.Event()

    def _pull(self) -> None:
        super()._pull()
        self.has_read.set()

    def _listen(self) -> None:
        self.may_listen.wait()
        super()._listen()


class TestSubscriptions(OnOneDatabase):
    def test_an_event_between_reading_and_listening_waits_for_no_other(self) -> None:
        recorder = self.opened()
        with (
            ThreadPoolExecutor(1) as reader,
            LateListener(recorder=recorder, gt=0) as subscription,
        ):
            subscription.has_read.wait()
            recorder.insert_events([StoredEvent(uuid4(), 1, "topic", b"state")])
            subscription.may_listen.set()
            assert reader.submit(next, subscription).result(timeout=30).id == 1


class TestAsAggregateRecorder(OnOneDatabase, library.AggregateRecorderTestCase):
    def create_recorder(self) -> LogRecorder:
        return self.opened(AggregateRecorder)


class TestPositionsOfBatchesDoNotInterleave(
    OnOneDatabase, library.NonInterleavingNotificationIDsBaseCase
):
    insert_num = 500

    def create_recorder(self) -> LogRecorder:
        return self.opened()
