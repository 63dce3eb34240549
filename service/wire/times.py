"""When a call happened, by three clocks (rule C9)."""

import msgspec

from domain.errors import BadTimestamp
from domain.instants import Instant, occurred, parse_instant
from service.wire.errors import TimeOutOfRange

FIRST: Instant = parse_instant("0001-01-01T00:00:00Z")
LAST: Instant = parse_instant("9999-12-31T23:59:59.999999Z")


class Times(msgspec.Struct, frozen=True, gc=False):
    """`original_at` and `sent_at` are what the client said, `occurred_at` is corrected."""

    occurred_at: Instant
    original_at: Instant | None
    sent_at: Instant | None


def read_times(
    timestamp: object, original: object, sent_at: Instant | None, received: Instant
) -> Times:
    """Read the timestamps of a call; `sent_at` and `received` are its request's."""
    client_at = read_instant("timestamp", timestamp)
    original_at = client_at if original is None else read_instant("originalTimestamp", original)
    at = occurred(
        client=original_at if client_at is None else client_at,
        original=original_at,
        sent=sent_at,
        received=received,
    )
    return Times(_within("the corrected timestamp", at), original_at, sent_at)


def read_instant(field: str, value: object) -> Instant | None:
    """Read one timestamp; None when it is absent."""
    if value is None:
        return None
    if type(value) is not str:
        raise BadTimestamp(str(value))
    return _within(field, parse_instant(value))


def _within(field: str, at: Instant) -> Instant:
    if not FIRST <= at <= LAST:
        raise TimeOutOfRange(field)
    return at
