"""Moments in time, as integers: microseconds since 1970-01-01T00:00:00Z.

An integer compares, packs and hashes exactly, whatever offset the client wrote it in.
"""

from datetime import UTC, datetime, timedelta

from domain.errors import BadTimestamp

Instant = int
"""Microseconds since the Unix epoch, UTC."""

SECOND = 1_000_000
DAY = 86_400 * SECOND
FUTURE_TOLERANCE = 5 * 60 * SECOND
EARLIEST: Instant = -719_162 * DAY
"""The start of the year 1: what lies before cannot be written as RFC 3339."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_IN_UTC = datetime(1970, 1, 1)  # noqa: DTZ001 - a moment's fields in UTC, to be written with a Z
_MICROSECOND = timedelta(microseconds=1)


def parse_instant(text: str) -> Instant:
    """Read an ISO 8601 moment; one without an offset is taken as UTC.

    Raises `BadTimestamp` when the text is no moment between the years 1 and 9999.
    """
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return (moment.astimezone(UTC) - _EPOCH) // _MICROSECOND
    except (ValueError, OverflowError):
        raise BadTimestamp(text) from None


def rfc3339(instant: Instant) -> str:
    """Write an instant as RFC 3339 in UTC, always with six decimals."""
    moment = _EPOCH_IN_UTC + timedelta(microseconds=instant)
    return f"{moment.isoformat(timespec='microseconds')}Z"


def day_of(instant: Instant) -> int:
    """Count the UTC day an instant falls on, from 1970-01-01 as day 0."""
    return instant // DAY


def date_text(day: int) -> str:
    """Write a UTC day as `YYYY-MM-DD`."""
    return (_EPOCH + timedelta(days=day)).date().isoformat()


def occurred(
    *, client: Instant | None, original: Instant | None, sent: Instant | None, received: Instant
) -> Instant:
    """Say when a call happened (rule C9).

    `client` is the caller's own timestamp, `original` the moment to correct for clock skew
    (the client's `originalTimestamp`, or its timestamp). More than five minutes in the future
    is a wrong clock: clamped to `received`. A past one is a historical import: kept.
    """
    if sent is not None and original is not None:
        moment = received - (sent - original)
    elif client is not None:
        moment = client
    else:
        moment = received
    return received if moment > received + FUTURE_TOLERANCE else max(moment, EARLIEST)
