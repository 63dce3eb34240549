"""The event library's own contract of tracking recorders, run on the view database."""

from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import TestCase

# As a module: what is imported by name from it would be collected as a test of ours.
from eventsourcing.tests import persistence as library

from store.views.opening import views_in
from store.views.tracking import ViewTracking


class TestAsTrackingRecorder(library.TrackingRecorderTestCase, TestCase):
    def create_recorder(self) -> ViewTracking:
        database = views_in(Path(self.enterContext(TemporaryDirectory())))
        database.create()
        self.addCleanup(database.close)
        return ViewTracking(database)
