"""When a call happened, by three clocks (rule C9)."""

from domain.errors import BadTimestamp
from domain.instants import Instant, occurred, parse_instant


def read_times(
    timestamp: object, original: object, sent_at: Instant | None, received: Instant
) -> tuple[Instant, Instant | None]:
    """Read the timestamps of a call: when it occurred, and the original moment it names.

    `sent_at` and `received` are those of its request.
    """
    client_at = None if timestamp is None else read_instant(timestamp)
    original_at = client_at if original is None else read_instant(original)
    at = occurred(
        client=original_at if client_at is None else client_at,
        original=original_at,
        sent=sent_at,
        received=received,
    )
    return at, original_at


def read_instant(value: object) -> Instant:
    """Read one timestamp that is there."""
    if type(value) is not str:
        raise BadTimestamp(str(value))
    return parse_instant(value)
