"""Rebuilds: beside the live view, resumed, never two, swapped under readers, proven by verify."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from sqlalchemy import inspect, text

from actors import rebuilding
from actors.rebuilding import drop_old, rebuild, switch
from actors.verifying import verify
from store.views import leases
from store.views.errors import (
    NothingToSwitchTo,
    RebuildRunning,
    RebuildStopped,
    ViewsUnavailable,
)
from store.views.reader import Views
from tests.actors.counting import POISON, Counting
from tests.actors.views_of import Watched, run
from tests.controls.calls import track


@pytest.fixture(autouse=True)
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several slices even of a small log."""
    monkeypatch.setattr(rebuilding, "STREAMS", 7)


def quiet(_doing: str, _done: int, _total: int) -> None:
    """Nobody looks."""


def rebuilt(watched: Watched, projection: Counting | None = None, workers: int = 2) -> None:
    rebuild(watched.site, projection or Counting(), workers=workers, tell=quiet)


class TestRebuilding:
    def test_the_new_generation_has_every_event_once_and_the_old_one_stays(
        self, watched: Watched
    ) -> None:
        watched.send_shop(40)
        projector = watched.projector()
        run(projector)
        rebuilt(watched, Counting(2))
        assert [(g.number, g.version, g.state) for g in watched.generations()] == [
            (1, 1, "old"),
            (2, 2, "live"),
        ]
        assert watched.streams() == watched.true_streams()

    def test_ingest_and_reads_go_on_meanwhile(self, watched: Watched) -> None:
        watched.send_shop(40)
        projector = watched.projector()
        run(projector)
        finished, failed, seen = Event(), [], set()
        views = Views(watched.site.database(), {"counting": 1})

        def read() -> int:
            reads, last = 0, 0
            while not finished.is_set():
                try:
                    with views.reading("counting") as snapshot:
                        query = f"SELECT SUM(events) FROM {snapshot.prefix('counting')}streams"  # noqa: S608 - a name of ours
                        events = snapshot.connection.execute(text(query)).scalar_one()
                        position = snapshot.position("counting")
                except ViewsUnavailable as error:
                    failed.append(error)
                    return reads
                assert events == position >= last
                last, reads = position, reads + 1
                seen.add(snapshot.prefix("counting"))
            return reads

        def ingest(doing: str, _done: int, _total: int) -> None:
            watched.send(track(doing, uid="late"))
            run(projector)

        with ThreadPoolExecutor(1) as pool:
            reading = pool.submit(read)
            try:
                rebuild(watched.site, Counting(), workers=2, tell=ingest)
                watched.send_shop(10, prefix="w")
                run(projector)
                while "counting_2_" not in seen and not reading.done():
                    pass
            finally:
                finished.set()
            assert reading.result() > 0
        views.close()
        assert failed == []
        assert seen == {"counting_1_", "counting_2_"}
        assert watched.live().number == 2
        assert watched.streams() == watched.true_streams()

    def test_an_interrupted_rebuild_goes_on_where_it_was(
        self, watched: Watched, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        watched.send_shop(40)
        run(watched.projector())

        class Interrupted(Exception):
            pass

        def interrupt(doing: str, _done: int, _total: int) -> None:
            if doing == "catching up":
                raise Interrupted

        with pytest.raises(Interrupted):
            rebuild(watched.site, Counting(), workers=1, tell=interrupt)
        assert [g.state for g in watched.generations()] == ["live", "building"]
        monkeypatch.setattr(rebuilding, "replay_slices", None)  # nothing is replayed again
        rebuilt(watched)
        assert [(g.number, g.state) for g in watched.generations()] == [(1, "old"), (2, "live")]
        assert watched.streams() == watched.true_streams()

    def test_remains_of_another_version_are_dropped(self, watched: Watched) -> None:
        watched.send_shop(12)
        run(watched.projector())

        def interrupt(_doing: str, _done: int, _total: int) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            rebuild(watched.site, Counting(2), workers=1, tell=interrupt)
        rebuilt(watched, Counting(3), workers=1)
        assert [(g.version, g.state) for g in watched.generations()] == [(1, "old"), (3, "live")]
        assert watched.streams() == watched.true_streams()

    def test_a_second_rebuild_of_one_view_is_refused(self, watched: Watched) -> None:
        watched.send_shop(3)
        run(watched.projector())
        with watched.database.writing() as connection:
            leases.take(connection, "counting")
        with pytest.raises(RebuildRunning, match="'counting' is being rebuilt or switched by"):
            rebuilt(watched)
        assert len(watched.generations()) == 1

    def test_a_poison_stops_it_by_name_and_the_live_view_is_as_before(
        self, watched: Watched
    ) -> None:
        watched.send_shop(20)
        watched.send(track("A", uid="u1"), track(POISON, uid="u1"))
        run(watched.projector())
        before = watched.streams()
        with pytest.raises(RebuildStopped, match=r"\(tracked.1\) of stream .* cannot be counted"):
            rebuilt(watched)
        assert watched.live().number == 1
        assert watched.streams() == before

    def test_a_deleted_database_is_made_again_on_command(self, watched: Watched) -> None:
        watched.send_shop(12)
        projector = watched.projector()
        run(projector)
        watched.delete_views()
        rebuilt(watched)
        assert watched.streams() == watched.true_streams()
        watched.send_shop(3, prefix="v")
        again = watched.projector()
        run(again)
        assert watched.streams() == watched.true_streams()


class TestSwitching:
    def test_going_back_catches_up_first(self, watched: Watched) -> None:
        watched.send_shop(12)
        projector = watched.projector()
        run(projector)
        rebuilt(watched)
        watched.send_shop(12, prefix="v")
        assert switch(watched.site, Counting(), quiet).number == 1
        assert watched.live().number == 1
        assert watched.streams() == watched.true_streams()

    def test_there_is_no_going_back_to_tables_of_other_code(self, watched: Watched) -> None:
        run(watched.projector())
        rebuilt(watched, Counting(2))
        with pytest.raises(NothingToSwitchTo):
            switch(watched.site, Counting(2), quiet)

    def test_dropped_generations_are_gone_with_their_tables(self, watched: Watched) -> None:
        watched.send_shop(3)
        run(watched.projector())
        rebuilt(watched)
        assert [g.number for g in drop_old(watched.site, Counting())] == [1]
        assert [g.number for g in watched.generations()] == [2]
        with watched.database.reading() as connection:
            names = inspect(connection).get_table_names()
        assert not [name for name in names if name.startswith("counting_1_")]


class TestVerifying:
    def test_a_live_view_is_what_the_log_says(self, watched: Watched) -> None:
        watched.send_shop(20)
        run(watched.projector())
        found = verify(watched.site, Counting(), workers=2, tell=quiet)
        assert found.comparison.difference is None
        assert found.comparison.live == found.comparison.replayed
        assert found.position == watched.position()
        assert found.comparison.rows == len(watched.true_streams()) + 3
        assert not list(watched.folder.glob(".verify-*"))

    def test_what_a_killed_one_left_is_removed_and_what_another_uses_is_not(
        self, watched: Watched
    ) -> None:
        with subprocess.Popen([sys.executable, "-c", ""]) as ended:
            ended.wait()
        left, used = (watched.folder / f".verify-{pid}-x" for pid in (ended.pid, os.getpid()))
        for folder in (left, used):
            folder.mkdir()
        run(watched.projector())
        verify(watched.site, Counting(), workers=1, tell=quiet)
        assert (left.exists(), used.exists()) == (False, True)

    def test_a_view_that_lags_is_compared_where_it_is(self, watched: Watched) -> None:
        watched.send_shop(20)
        watched.projector().step()
        found = verify(watched.site, Counting(), workers=1, tell=quiet)
        assert (found.comparison.difference, found.position) == (None, 50)

    def test_a_tampered_row_is_named(self, watched: Watched) -> None:
        watched.send_shop(20)
        run(watched.projector())
        assert watched.execute("UPDATE counting_1_names SET activities = 1 WHERE name = 'Event 1'")
        found = verify(watched.site, Counting(), workers=1, tell=quiet)
        assert found.comparison.live != found.comparison.replayed
        assert str(found.comparison.difference) == (
            "names: in the live row {'name': 'Event 1', 'activities': 1}, activities is 1, not 40"
        )

    def test_a_row_that_is_gone_is_named(self, watched: Watched) -> None:
        watched.send_shop(3)
        run(watched.projector())
        watched.execute("DELETE FROM counting_1_names WHERE name = 'Event 2'")
        found = verify(watched.site, Counting(), workers=1, tell=quiet)
        assert str(found.comparison.difference).startswith("names: the live view has None, ")
