"""A host too many: it takes the same calls for the same profiles, beside the one that should."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, Full, Queue
from threading import Event, Thread
from time import time_ns

import structlog

from actors.agreed import Agreed
from actors.host import ProfileHost
from actors.parcels import Parcel
from actors.placement import initial
from service.config import Config
from service.wire.segment import read_batch
from store.errors import StoreError
from store.folder import open_store

WAITING = 4
"""Batches that may wait for it; further ones it is not offered."""

RIVAL = "rival"

log = structlog.get_logger()


class Rival:
    """A `ProfileHost` of no deployment that gives itself all slots.

    With `takes_lease` it goes by the name of a host that runs, which then must not write any more.
    """

    def __init__(self, data: Path, environ: Mapping[str, str], *, takes_lease: bool) -> None:
        self._data = data
        self._environ = {**os.environ, **environ}
        self._takes_lease = takes_lease
        self._offered: Queue[bytes] = Queue(WAITING)
        self._finished = Event()
        self.applied = 0

    def offer(self, body: bytes) -> None:
        """Let it have a request that is being sent to a gateway too."""
        with suppress(Full):
            self._offered.put_nowait(body)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Let it decide for as long as the block runs."""
        thread = Thread(target=self._run, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._finished.set()
            thread.join()

    def _run(self) -> None:
        try:
            store = open_store(self._data, self._environ)
            try:
                agreed = Agreed(store.backend).placement()
                names = [RIVAL] if agreed is None or not self._takes_lease else list(agreed.hosts)
                self._decide(
                    ProfileHost(
                        store,
                        initial([names[0]]),
                        name=names[0],
                        owner=f"{RIVAL}, pid {os.getpid()}",
                        live_profiles=1_000,
                    )
                )
            finally:
                store.backend.close()
        except StoreError as error:
            log.info("the rival gave up", why=str(error))

    def _decide(self, host: ProfileHost) -> None:
        rules = Config().wire_rules()
        while not self._finished.is_set():
            try:
                body = self._offered.get(timeout=0.1)
            except Empty:
                continue
            commands = read_batch(body, rules, "default", time_ns() // 1_000).commands
            reply = host.take([Parcel(command) for command in commands])
            self.applied += sum(result == 0 for result in reply.results)
