"""A projector may be killed at any moment: rows and position are one transaction."""

import os
import random
import signal
from collections.abc import Iterator
from time import sleep

import pytest

from actors.projector import Projector
from store.views.sqlite import FILE
from tests.actors.counting import Counting
from tests.actors.deployment import Deployment
from tests.actors.views_of import Watched, run

KILLS = 100
PAGE = 5


@pytest.fixture
def watched(deployment: Deployment) -> Iterator[Watched]:
    made = Watched(deployment, page=PAGE)
    yield made
    made.close()


def start_projector(watched: Watched, *, is_awaited: bool) -> int:
    """Fork a process that projects page by page, and give its id, awaited until it does."""
    hears, tells = os.pipe()
    pid = os.fork()
    if pid:
        os.close(tells)
        if is_awaited:
            assert os.read(hears, 1) == b"!"
        os.close(hears)
        return pid
    try:
        os.close(hears)
        database = watched.site.database()
        projector = Projector(watched.site.store(), database, [Counting()], page=PAGE)
        projector.start()
        projector.step()
        if is_awaited:  # else nobody listens any more
            os.write(tells, b"!")
        while True:
            projector.step()
    finally:
        os._exit(1)  # whatever happens, no second pytest


def position(watched: Watched) -> int:
    found = watched.generations() if (watched.folder / FILE).exists() else []
    return found[0].position if found else 0


@pytest.mark.slow
def test_each_event_is_counted_once_however_often_it_is_killed(watched: Watched) -> None:
    """A hundred times, at random moments, the first one while the database is being made."""
    rng = random.Random(16)
    watched.send_shop(60, calls=9, prefix="k0-")
    moments = set()
    for kill in range(KILLS):
        if watched.position() - position(watched) < 40 * PAGE:
            watched.database.close()  # before the fork: a connection is one process's
            watched.send_shop(60, calls=9, prefix=f"k{kill + 1}-")
        watched.database.close()
        pid = start_projector(watched, is_awaited=kill % 5 != 0)
        sleep(rng.uniform(0.0, 0.03))  # the moment is what is tested
        os.kill(pid, signal.SIGKILL)
        assert os.WIFSIGNALED(os.waitpid(pid, 0)[1])
        moments.add(position(watched))
    assert len(moments) > KILLS // 4
    run(watched.projector(page=1_000))
    assert watched.streams() == watched.true_streams()
    assert watched.letters() == []
