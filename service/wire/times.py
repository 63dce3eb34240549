"""When a call happened, by three clocks (rule C9, decision 0014)."""

from domain.errors import BadTimestamp
from domain.instants import SECOND, Instant, occurred, parse_instant

LATENCY = 5 * SECOND
"""Clocks that seem no further apart agree: the way through the network explains the rest."""


def read_times(
    timestamp: object, original: object, sent_at: Instant | None, received: Instant
) -> tuple[Instant, Instant | None]:
    """Read the timestamps of a call: when it occurred, and the original moment it names.

    `sent_at` and `received` are those of its request.
    """
    client_at = None if timestamp is None else read_instant(timestamp)
    original_at = client_at if original is None else read_instant(original)
    if client_at is not None and _is_exact(client_at, original, original_at, sent_at, received):
        sent_at = None
    elif original is not None:
        client_at = original_at
    at = occurred(client=client_at, original=original_at, sent=sent_at, received=received)
    return at, original_at


def read_instant(value: object) -> Instant:
    """Read one timestamp that is there."""
    if type(value) is not str:
        raise BadTimestamp(str(value))
    return parse_instant(value)


def _is_exact(
    client_at: Instant,
    original: object,
    original_at: Instant | None,
    sent_at: Instant | None,
    received: Instant,
) -> bool:
    """Tell whether the client's timestamp is the moment itself, not one to correct.

    Beside an `originalTimestamp` it is when it is earlier: then the caller chose it. Alone it
    is when the clocks agree.
    """
    if original is not None and original_at is not None:
        return client_at < original_at - LATENCY
    return sent_at is None or abs(received - sent_at) <= LATENCY
