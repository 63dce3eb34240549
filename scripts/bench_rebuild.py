"""Measures how fast a view is rebuilt, while calls come in and a reader polls."""

import argparse
import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from multiprocessing.synchronize import Event
from pathlib import Path
from threading import Thread
from typing import Any

from rich.console import Console
from sqlalchemy import MetaData, select

from actors.ports import Projection
from actors.projector import Projector
from actors.rebuilding import rebuild
from actors.replaying import Site
from actors.verifying import verify
from projections import projections
from scripts.bench_filling import batches, fill, host_on
from scripts.bench_machine import machine
from store.folder import DATABASE as LOG
from store.folder import open_store
from store.views.errors import ViewsUnavailable
from store.views.reader import Views

PAGE = 20_000
RATE = 200
"""Calls a second that come in meanwhile."""

out, err = Console(), Console(stderr=True)


def main() -> int:
    """Measure; the exit code is 1 when no read came through, one failed or the digests differ."""
    options = _options()
    facts = machine()
    if options.data is None:
        with tempfile.TemporaryDirectory(prefix="onefold-bench-") as folder:
            found = _measured(options, Path(folder))
    else:
        found = _measured(options, options.data)
    for name, value in {**found, **facts}.items():
        told = f"{value:,}" if isinstance(value, int | float) else str(value)
        out.print(f"{name:>34}  {told}", highlight=False)
    if options.json:
        sys.stdout.write(json.dumps(found) + "\n")
    is_good = found["reads"] > 0 and found["failed reads"] == 0 and found["digests are equal"]
    return 0 if is_good else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench rebuild", description=__doc__)
    parser.add_argument("--calls", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--view", default="profiles")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, metavar="N")
    parser.add_argument("--data", type=Path, help="a folder to keep and to use again")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    return parser.parse_args()


def _measured(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    if not (folder / LOG).exists():
        err.print(f"Making {options.calls:,} calls …", highlight=False)
        fill(folder, options.calls, lambda _: None)
    projection: Projection = {p.name: p for p in projections()}[options.view]
    site = Site(folder, "normal")
    found: dict[str, Any] = _read(site)
    err.print("Rebuilding, quiet …")
    found |= _rebuilt(site, projection, options.workers, "quiet")
    err.print("Rebuilding, calls coming in …")
    with _busy(site, options.view) as reads:
        found |= _rebuilt(site, projection, options.workers, "while calls come in")
    found |= {"reads": reads["read"], "failed reads": reads["failed"]}
    err.print("Comparing with a replay …")
    compared = verify(site, projection, workers=options.workers, tell=_quiet).comparison
    found |= {
        "rows": compared.rows,
        "digests are equal": compared.live == compared.replayed,
        "digest": compared.live,
    }
    return found


def _read(site: Site) -> dict[str, Any]:
    """Read the whole log on one core: rows alone, then opened."""
    with closing(open_store(site.folder, os.environ).backend) as backend:
        begun, at, events = time.perf_counter(), 0, 0
        while rows := backend.page(at, PAGE):
            at, events = rows[-1][0], events + len(rows)
        raw = time.perf_counter() - begun
    store = site.store()
    with closing(store.backend):
        begun, at = time.perf_counter(), 0
        while (page := store.page(at, PAGE)).last is not None:
            at = page.last[0]
        opened = time.perf_counter() - begun
    return {
        "events": events,
        "raw read, events/s": round(events / raw),
        "read and opened, events/s": round(events / opened),
    }


def _rebuilt(site: Site, projection: Projection, workers: int, how: str) -> dict[str, Any]:
    begun, before = time.perf_counter(), os.times()
    done = rebuild(site, projection, workers=workers, tell=_quiet)
    seconds, after = time.perf_counter() - begun, os.times()
    spent = after.children_user + after.children_system + after.user + after.system
    spent -= before.children_user + before.children_system + before.user + before.system
    return {
        f"rebuild, {how}, events/s": round(done.events / seconds),
        f"rebuild, {how}, s": round(seconds, 1),
        f"rebuild, {how}, CPU us an event": round(spent / done.events * 1e6, 1),
    }


@contextmanager
def _busy(site: Site, view: str) -> Iterator[dict[str, int]]:
    """Take in calls, keep the view up, and read it all the time, each in a process or thread."""
    spawn = multiprocessing.get_context("spawn")
    stop = spawn.Event()
    workers = [
        spawn.Process(target=target, args=(site, view, stop)) for target in (_ingest, _project)
    ]
    for worker in workers:
        worker.start()
    reads = {"read": 0, "failed": 0}
    reader = Thread(target=_poll, args=(site, view, stop, reads))
    reader.start()
    try:
        yield reads
    finally:
        stop.set()
        reader.join()
        for worker in workers:
            worker.join()


def _ingest(site: Site, _view: str, stop: Event) -> None:
    with host_on(site.folder) as host:
        seed = time.time_ns()
        while not stop.is_set():
            seed += 1
            for batch in batches(RATE * 20, seed, RATE // 10):
                host.take(batch)
                if stop.wait(0.1):
                    return


def _project(site: Site, view: str, stop: Event) -> None:
    os.nice(10)
    chosen = [p for p in projections() if p.name == view]
    projector = Projector(site.store(), site.database(), chosen)
    projector.start()
    while not stop.is_set():
        if not projector.step():
            stop.wait(0.05)
    projector.close()


def _poll(site: Site, view: str, stop: Event, reads: dict[str, int]) -> None:
    known = {p.name: p for p in projections()}
    views = Views(site.database(), {name: p.version for name, p in known.items()})
    while not stop.wait(0.005):
        try:
            with views.reading(view) as snapshot:
                tables = MetaData()
                known[view].declare(tables, snapshot.prefix(view))
                for table in tables.tables.values():
                    snapshot.connection.execute(select(table).limit(10)).all()
            reads["read"] += 1
        except ViewsUnavailable as error:
            err.print(str(error))
            reads["failed"] += 1
    views.close()


def _quiet(_doing: str, _done: int, _total: int) -> None:
    pass


if __name__ == "__main__":
    sys.exit(main())
