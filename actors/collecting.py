"""Python's cycle collector in a process that keeps many lasting records."""

import gc


def spare_the_collector() -> None:
    """Let it run rarely: profiles and events are many, and without cycles (decision 0008).

    Looking through them again and again costs a host a quarter of what it can do, and a projector
    a seventh.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 1_000)
