"""The event library's own conformance suites, run on our recorder (decision D4)."""

import io
import threading
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import TestCase

from eventsourcing.persistence import StoredEvent

# As a module: what is imported by name from it would be collected as a test of ours.
from eventsourcing.tests import persistence as library

from store.sqlite.datastore import durable
from store.sqlite.recorder import LogRecorder


class AggregateRecorder(LogRecorder):
    """Our recorder as far as aggregates are concerned, who are told no positions."""

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        **kwargs: Any,
    ) -> Sequence[int] | None:
        super().insert_events(stored_events, **kwargs)
        return None


class OnOneFile(TestCase):
    """Gives each test a file of its own, and lets none of them print its timings."""

    def setUp(self) -> None:
        super().setUp()
        self.others = set(threading.enumerate())
        self.folder = Path(self.enterContext(TemporaryDirectory()))
        self.enterContext(redirect_stdout(io.StringIO()))

    def opened(self, kind: type[LogRecorder] = LogRecorder) -> LogRecorder:
        datastore = durable(str(self.folder / "log.db"))
        self.addCleanup(datastore.close)
        self.addCleanup(self.join_readers)
        recorder = kind(datastore)
        recorder.create_table()
        return recorder

    def join_readers(self) -> None:
        """Wait for the threads that the suites leave behind: their connections are closed next."""
        for thread in set(threading.enumerate()) - self.others:
            thread.join()


class TestAsApplicationRecorder(OnOneFile, library.ApplicationRecorderTestCase[LogRecorder]):
    def create_recorder(self) -> LogRecorder:
        return self.opened()


class TestAsAggregateRecorder(OnOneFile, library.AggregateRecorderTestCase):
    def create_recorder(self) -> LogRecorder:
        return self.opened(AggregateRecorder)


class TestPositionsOfBatchesDoNotInterleave(
    OnOneFile, library.NonInterleavingNotificationIDsBaseCase
):
    def create_recorder(self) -> LogRecorder:
        return self.opened()
