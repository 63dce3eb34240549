"""A source's journal: the stream that keeps the calls which could not be taken."""

import msgspec

from domain.events import CallRejected
from domain.identifiers import ProfileId
from domain.seen import Seen


class Journal(msgspec.Struct, frozen=True):
    """How far a journal got, and whose calls are in it already."""

    id: ProfileId
    source: str
    version: int = 0
    seen: Seen = Seen()

    def evolve(self, event: CallRejected) -> "Journal":
        """Fold one rejection in."""
        return Journal(
            self.id, self.source, self.version + 1, self.seen.add(event.moment.message_id)
        )

    def __str__(self) -> str:
        return f"journal:{self.source}@{self.version}"
