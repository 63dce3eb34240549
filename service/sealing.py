"""Seals the log of a running deployment as it grows: a thread that only reads it."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread, get_native_id

import structlog

from service.clock import clock
from store.errors import StoreError
from store.seals import Ledger, seal_up_to_now, signing_key
from store.seals.opening import open_log
from store.seals.seal import BLOCK

NICENESS = 10
"""Sealing yields to all that serves; on Linux a thread has a niceness of its own."""

PERIOD = 5.0
"""Seconds between two looks at the log."""

STOP_WITHIN = 10.0

log = structlog.get_logger()


@contextmanager
def sealing(folder: Path, environ: Mapping[str, str], period: float = PERIOD) -> Iterator[None]:
    """Seal full blocks for as long as the block runs.

    It is in nobody's way: whatever keeps it from sealing is logged and tried again.
    """
    stopping = Event()
    thread = Thread(target=_run, args=(folder, environ, period, stopping), name="sealer")
    thread.daemon = True
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join(STOP_WITHIN)


def seal_full_blocks(folder: Path, environ: Mapping[str, str]) -> int:
    """Seal every full block and count the rows; the signing key is made for the first one."""
    database = open_log(folder, environ)
    try:
        ledger = Ledger(folder)
        try:
            if len(database.page(ledger.end, BLOCK)) < BLOCK:
                return 0
            key = signing_key(folder, environ, may_create=ledger.last() is None)
            return seal_up_to_now(database, ledger, key, clock)
        finally:
            ledger.close()
    finally:
        database.close()


def _run(folder: Path, environ: Mapping[str, str], period: float, stopping: Event) -> None:
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, get_native_id(), NICENESS)
    told = ""
    while not stopping.is_set():
        try:
            seal_full_blocks(folder, environ)
            told = ""
        except (StoreError, OSError) as error:
            if str(error) != told:
                told = str(error)
                log.warning("the log could not be sealed", why=told)
        except Exception:
            log.exception("sealing stumbled")
        stopping.wait(period)
