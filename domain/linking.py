"""Link keys: what ties visitors of one person together without a CID (rule M3).

A `LinkBook` is all that is known under one link key: the unclaimed visitors seen with it, and
when which customer was identified with it. Two questions are asked of it, each by whichever
call comes last: *whose is this visitor?* (a late activity) and *who is due to this customer?*
(an identify). Both answers only ever grow, so the order of arrival does not matter.
"""

import msgspec

from domain.identifiers import Cid, LinkKey, Uid
from domain.instants import Instant

CROWD = 1_000
"""More unclaimed visitors than this under one key: it is a kiosk, not a person."""

IDENTIFIES = 6
"""Identifies kept under one key while fewer customers than that take turns on it."""

TURNS = 256
"""Identifies kept when customers do take turns; beyond, the oldest are forgotten."""


class Identified(msgspec.Struct, frozen=True, array_like=True, order=True):
    """A call named this UID and this CID together."""

    at: Instant
    cid: Cid
    uid: Uid


class LinkBook(msgspec.Struct, frozen=True, array_like=True):
    """Everything known under one link key.

    `visitors` maps unclaimed UIDs to their first activity; `identifies` is in order of time.
    """

    visitors: dict[Uid, Instant] = {}
    identifies: tuple[Identified, ...] = ()

    def crowded(self, uid: Uid) -> bool:
        """Tell whether one more visitor is one too many."""
        return uid not in self.visitors and len(self.visitors) >= CROWD

    def register(self, uid: Uid, first_seen: Instant) -> "LinkBook":
        """Note an unclaimed visitor and its first activity."""
        if self.visitors.get(uid) == first_seen:
            return self
        return LinkBook({**self.visitors, uid: first_seen}, self.identifies)

    def strike(self, uid: Uid) -> "LinkBook":
        """Forget a visitor: it has been claimed."""
        if uid not in self.visitors:
            return self
        return LinkBook({u: at for u, at in self.visitors.items() if u != uid}, self.identifies)

    def identify(self, *news: Identified) -> "LinkBook":
        """Note identifies with this key."""
        known = self.identifies
        if len(news) == 1 and (not known or known[-1] < news[0]):
            return LinkBook(self.visitors, _extended(known, news[0]))
        if known and set(news).issubset(known):
            return self
        return LinkBook(self.visitors, _thinned(sorted({*known, *news})))

    def of(self, uid: Uid) -> list[Identified]:
        """List the identifies of one UID."""
        return [identified for identified in self.identifies if identified.uid == uid]

    def due(self, identified_at: Instant) -> list[Uid]:
        """List the visitors whose first activity came before that identify, earliest first."""
        found = [(at, uid) for uid, at in self.visitors.items() if at < identified_at]
        return [uid for _, uid in sorted(found)]

    def claimant(self, first_seen: Instant) -> Identified | None:
        """Find the earliest identify after a visitor's first activity."""
        return next((each for each in self.identifies if each.at > first_seen), None)


def kind_of(link: LinkKey) -> str:
    """Tell the kind of a link key."""
    return link.partition(":")[0]


def own_key(uid: Uid) -> LinkKey:
    """Name the book of a UID's own: identifies that no event tells of, until it has a link."""
    return f":{uid}"


def _extended(known: tuple[Identified, ...], new: Identified) -> tuple[Identified, ...]:
    """Add what is latest, as nearly every identify is."""
    is_full = len(known) >= IDENTIFIES
    if is_full and known[-2].cid == known[-1].cid == new.cid and known[-1].uid == new.uid:
        return (*known[:-1], new)
    return (*known, new) if not is_full else _thinned([*known, new])


def _thinned(identifies: list[Identified]) -> tuple[Identified, ...]:
    """Keep the book small at the price of what matters least (decision 0003).

    An identify between two others of its customer decides nothing unless another customer's
    turns up between them later; the one soonest followed by the next goes first. The last one
    of each UID stays: what it ties under further link keys may depend on it.
    """
    while len(identifies) > IDENTIFIES:
        inner = [
            (after.at - here.at, index)
            for index, (before, here, after) in enumerate(
                zip(identifies, identifies[1:], identifies[2:], strict=False), start=1
            )
            if before.cid == here.cid == after.cid
            and any(later.uid == here.uid for later in identifies[index + 1 :])
        ]
        if not inner:
            break
        del identifies[min(inner)[1]]
    return tuple(identifies[-TURNS:])
