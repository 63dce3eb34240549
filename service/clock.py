"""The clock that recorded times and keys go by."""

from time import time_ns

from domain.instants import Instant


def clock() -> Instant:
    """Give the current moment."""
    return time_ns() // 1_000
