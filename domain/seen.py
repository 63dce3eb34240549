"""The message ids a profile has applied: what makes a repeated call change nothing (rule F4)."""

from heapq import nlargest

import msgspec
from immutables import Map

REMEMBERED = 10_000
"""At least this many ids back, a repeated call is recognised."""

TRAVELLING = 1_000
"""How many ids a visitor brings into the customer it is folded into."""


class Seen(msgspec.Struct, frozen=True, gc=False):
    """Applied message ids in two generations, so that forgetting the oldest costs nothing.

    `young` fills up to `REMEMBERED` ids and then becomes `old`, whose predecessor is dropped:
    between one and two generations are known at any time. Each id maps to its turn.
    """

    young: Map[str, int] = Map()
    old: Map[str, int] = Map()
    turn: int = 0

    def __contains__(self, message_id: str) -> bool:
        return message_id in self.young or message_id in self.old

    def add(self, message_id: str) -> "Seen":
        """Remember one more id."""
        if message_id in self.young:
            return self
        if len(self.young) >= REMEMBERED:
            return Seen(Map({message_id: self.turn}), self.young, self.turn + 1)
        return Seen(self.young.set(message_id, self.turn), self.old, self.turn + 1)

    def latest(self, count: int = TRAVELLING) -> tuple[str, ...]:
        """List the ids remembered last, oldest first."""
        known = nlargest(count, self.young.items(), key=_turn)
        if len(known) < count:
            known += nlargest(count - len(known), self.old.items(), key=_turn)
        return tuple(message_id for message_id, _ in reversed(known))


def _turn(item: tuple[str, int]) -> int:
    return item[1]
