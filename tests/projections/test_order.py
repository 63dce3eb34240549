"""The order between streams, the pages and the number of folds make no difference."""

import random
from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from domain.commands import Call
from domain.draft import Recorded
from tests.controls.calls import identify, page, rejected, track
from tests.controls.times import day
from tests.controls.world import World
from tests.projections.views import Page, folded, views
from tests.store.effort import SOME
from tests.store.journeys import journeys

FOLDS = 3


def slices(log: list[Recorded], chance: random.Random) -> list[tuple[int, Page]]:
    """Deal a log to folds: whole streams to one fold each, pages of any size, in any turn."""
    dealt: dict[str, int] = defaultdict(lambda: chance.randrange(FOLDS))
    queues: list[list[tuple[int, Recorded]]] = [[] for _ in range(FOLDS)]
    for position, recorded in enumerate(log, start=1):
        queues[dealt[recorded.profile_id.hex]].append((position, recorded))
    deal: list[tuple[int, Page]] = []
    while any(queues):
        number = chance.choice([n for n, queue in enumerate(queues) if queue])
        size = chance.randint(1, len(queues[number]))
        page, queues[number] = queues[number][:size], queues[number][size:]
        deal.append((number, page))
    return deal


def whole_streams(log: list[Recorded]) -> list[tuple[int, Recorded]]:
    """Order a log stream by stream, as a rebuild reads it."""
    return sorted(enumerate(log, start=1), key=lambda entry: entry[1].profile_id)


@SOME
@given(journeys(longest=25), st.randoms(use_true_random=False))
def test_several_folds_at_once_make_the_rows_of_one(
    calls: list[Call], chance: random.Random
) -> None:
    world = World()
    world.send(*calls, rejected(), rejected(source="app"))
    with folded(world.log) as straight, views(folds=FOLDS) as sliced, views() as rebuilt:
        expected = straight.everything()
        sliced.take(world.log, slices(world.log, chance))
        assert sliced.everything() == expected
        rebuilt.take(world.log, [(0, whole_streams(world.log))])
        assert rebuilt.everything() == expected


def test_a_customers_stream_may_be_folded_before_its_visitors() -> None:
    world = World()
    world.send(page(uid="u1", at=day(1)), track("A", uid="u2", at=day(2)))
    world.send(identify("u1", "c", at=day(3)), identify("u2", "c", at=day(3)))
    world.send(page(uid="u1", at=day(1, minute=20)), page(uid="u1", at=day(1, minute=40)))
    backwards = sorted(
        enumerate(world.log, start=1), key=lambda entry: entry[1].profile_id, reverse=True
    )
    with folded(world.log) as straight, views() as found:
        found.take(world.log, [(0, [entry]) for entry in backwards])
        assert found.everything() == straight.everything()
