"""The view `rejections`: what could not be taken, listed and counted."""

from tests.controls.calls import rejected, track
from tests.controls.times import day
from tests.controls.world import World
from tests.projections.views import folded, views


def test_a_rejection_is_shown_as_its_journal_has_it() -> None:
    world = World()
    world.send(track("A", uid="u1"), rejected(at=day(2), message_id="bad"))
    with folded(world.log) as found:
        [row] = found.rows("rejections_1_rejections")
        assert row == {
            "position": len(world.log),
            "source": "web",
            "code": "poison_id",
            "message": "Expected userId to name one person, got the placeholder 'null'",
            "message_id": "bad",
            "occurred_at": day(2),
            "recorded_at": day(2),
            "sample": '{"userId":"null"}',
        }


def test_rejections_are_counted_by_source_and_code() -> None:
    world = World()
    world.send(rejected(), rejected(), rejected("bad_id"), rejected(source="app"))
    for size in (1, 1_000):
        with views() as found:
            found.fold(world.log, size)
            counted = {
                (row["source"], row["code"]): row["count"]
                for row in found.rows("rejections_1_rejection_counts")
            }
            assert counted == {
                ("web", "poison_id"): 2,
                ("web", "bad_id"): 1,
                ("app", "poison_id"): 1,
            }
