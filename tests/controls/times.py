"""Moments for examples: whole days of one January, and steps within them."""

from domain.instants import DAY, SECOND, Instant, parse_instant

MINUTE = 60 * SECOND
HOUR = 60 * MINUTE

_DAY_ZERO = parse_instant("2023-12-31")


def day(number: float, *, hour: float = 0, minute: float = 0, second: float = 0) -> Instant:
    """Give a moment of a numbered day; day 1 is 2024-01-01, UTC."""
    within = hour * HOUR + minute * MINUTE + second * SECOND
    return _DAY_ZERO + int(number * DAY) + int(within)
