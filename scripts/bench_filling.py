"""Fills a data folder with made-up calls: straight into the store, without HTTP and without Ray."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from actors.host import ProfileHost
from actors.parcels import Parcel
from actors.placement import initial
from scripts.bench_calls import make_calls
from service.limits import Limits
from service.wire.reading import Reading
from service.wire.rules import LINKS, WireRules
from store.folder import open_store, prepare

AT_ONCE = 20_000
"""Calls made together: their visitors are active at the same time."""

BATCH = 2_000
RULES = WireRules(Limits(), LINKS.copy(), frozenset())


@contextmanager
def host_on(folder: Path) -> Iterator[ProfileHost]:
    """Open a host that has every profile."""
    store = open_store(folder, os.environ, "normal")
    try:
        yield ProfileHost(
            store, initial(["bench"]), name="bench", owner="bench", live_profiles=50_000
        )
    finally:
        store.backend.close()


def fill(folder: Path, calls: int, tell: Callable[[int], None]) -> None:
    """Make a store and have that many calls applied; hears after each batch how many are in."""
    prepare(folder, os.environ, "normal").backend.close()
    with host_on(folder) as host:
        done = 0
        while done < calls:
            some = min(AT_ONCE, calls - done)
            for batch in batches(some, seed=done, size=BATCH):
                host.take(batch)
                done += len(batch)
                tell(done)


def batches(calls: int, seed: int, size: int) -> Iterator[list[Parcel]]:
    """Make calls and read them as a gateway does."""
    made = [call.body for call in make_calls(calls, seed)]
    for at in range(0, len(made), size):
        reading = Reading(RULES, "bench", time.time_ns() // 1_000)
        for body in made[at : at + size]:
            reading.take(body)
        yield [Parcel(command) for command in reading.inbound().commands]
