"""The log as projections read it: events opened one by one, and those that would not open."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from domain.draft import Recorded


class Unopened(msgspec.Struct, frozen=True):
    """An event that is in the log and cannot be read: its place and why."""

    position: int
    profile_id: UUID
    version: int
    topic: str
    error: Exception


class LogPage(msgspec.Struct, frozen=True):
    """A piece of the log. What did not open is a matter of its stream, not of the page.

    `last` is the place of the last event that was read, opened or not: (position, stream,
    version); None when there was nothing.
    """

    events: Sequence[tuple[int, Recorded]] = ()
    unopened: Sequence[Unopened] = ()
    last: tuple[int, UUID, int] | None = None

    @property
    def size(self) -> int:
        """How many events were read."""
        return len(self.events) + len(self.unopened)
