"""Processes that replay slices side by side (decision 0017)."""

import gc
import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ProcessPoolExecutor, wait
from threading import Thread

from actors.replaying import Replay, Task
from store.views.slices import Slice

NICENESS = 10
"""A rebuild yields to ingest, as projectors do."""

LOOK_EVERY = 0.2
"""Seconds between two looks at how far it is."""

_replay: Replay | None = None


def replay_slices(
    task: Task, parts: Sequence[Slice], workers: int, look: Callable[[], None]
) -> None:
    """Replay slices in that many processes; `look` is called every now and then meanwhile.

    Raises what the first process raised that could not go on; the others stop after the page
    they are at, and what they have done stays done.
    """
    with ProcessPoolExecutor(
        min(workers, len(parts)) or 1,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start,
        initargs=(task,),
    ) as pool:
        left: set[Future[None]] = {pool.submit(_slice, part) for part in parts}
        try:
            while left:
                done, left = wait(left, LOOK_EVERY, FIRST_EXCEPTION)
                for future in done:
                    future.result()
                look()
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _start(task: Task) -> None:
    """Prepare a worker: it yields, leaves Ctrl-C to its parent, and ends when that is gone."""
    global _replay  # noqa: PLW0603 - one replay a process, for all its slices
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICENESS)
    Thread(target=_end_with_parent, daemon=True).start()
    _replay = Replay(task)
    # Pages are many records without cycles: looked through once a slice, not all the time.
    gc.collect()
    gc.freeze()
    gc.disable()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _slice(part: Slice) -> None:
    assert _replay is not None
    _replay.slice(part)
    gc.collect()
