"""Which past a read asks about: `as_of` by the hour it happened, `as_known_at` as we knew it."""

from domain.instants import Instant, parse_instant
from domain.person import Then


def then_of(as_of: str | None, as_known_at: str | None) -> Then:
    """Read the moments of a question; raises `BadTimestamp` for a text that is none."""
    return Then(instant_of(as_of), instant_of(as_known_at))


def instant_of(text: str | None) -> Instant | None:
    """Read a moment of a query; raises `BadTimestamp`."""
    if text is None:
        return None
    # A plus that nobody encoded arrives as a blank: 10:00:00 02:00 was 10:00:00+02:00.
    return parse_instant(text.replace(" ", "+") if "T" in text else text)
