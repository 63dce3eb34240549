"""Link keys: what ties visitors of one person together without a CID (rule M3).

A `LinkBook` is all that is known under one link key: the unclaimed visitors seen with it, and
when which customer was identified with it. Two questions are asked of it, each by whichever
call comes last: *whose is this visitor?* (a late activity) and *who is due to this customer?*
(an identify). Both answers only ever grow, so the order of arrival does not matter.
"""

import msgspec
from immutables import Map

from domain.identifiers import Cid, LinkKey, Uid
from domain.instants import Instant

CROWD = 1_000
"""More unclaimed visitors than this under one key: it is a kiosk, not a person."""

SPANS = 256
"""Changes of customer kept under one key; beyond, the oldest two are forgotten."""


class Span(msgspec.Struct, frozen=True, array_like=True):
    """A run of identifies under one key by one customer, nobody else's known in between."""

    first: Instant
    last: Instant
    cid: Cid


class LinkBook(msgspec.Struct, frozen=True, array_like=True):
    """Everything known under one link key. `visitors` maps unclaimed UIDs to first activity."""

    visitors: dict[Uid, Instant] = {}
    spans: tuple[Span, ...] = ()

    def crowded(self, uid: Uid) -> bool:
        """Tell whether one more visitor is one too many."""
        return uid not in self.visitors and len(self.visitors) >= CROWD

    def register(self, uid: Uid, first_seen: Instant) -> "LinkBook":
        """Note an unclaimed visitor and its first activity."""
        if self.visitors.get(uid) == first_seen:
            return self
        return LinkBook({**self.visitors, uid: first_seen}, self.spans)

    def strike(self, uid: Uid) -> "LinkBook":
        """Forget a visitor: it has been claimed."""
        if uid not in self.visitors:
            return self
        return LinkBook({u: at for u, at in self.visitors.items() if u != uid}, self.spans)

    def identify(self, cid: Cid, first: Instant, last: Instant) -> "LinkBook":
        """Note that a customer was identified with this key, from `first` to `last`."""
        spans = _with(self.spans, Span(first, last, cid))
        return self if spans == self.spans else LinkBook(self.visitors, spans)

    def due(self, identified_at: Instant) -> list[Uid]:
        """List the visitors whose first activity came before that identify, earliest first."""
        found = [(at, uid) for uid, at in self.visitors.items() if at < identified_at]
        return [uid for _, uid in sorted(found)]

    def claimant(self, first_seen: Instant) -> tuple[Instant, Cid] | None:
        """Find the earliest identify after a visitor's first activity, and whose it was."""
        for span in self.spans:
            if span.last > first_seen:
                return max(span.first, first_seen + 1), span.cid
        return None


Books = Map[LinkKey, LinkBook]


def kind_of(link: LinkKey) -> str:
    """Tell the kind of a link key."""
    return link.partition(":")[0]


def _with(spans: tuple[Span, ...], new: Span) -> tuple[Span, ...]:
    """Add a span: neighbours of one customer become one, another's inside it splits it.

    Only the ends of a span are known to be identifies, so a split keeps exactly those.
    """
    pieces: list[Span] = []
    for span in spans:
        pieces += _apart(span, new)
    others = [span for span in spans if span.cid != new.cid]
    pieces += _split(new, others)
    pieces.sort(key=lambda span: (span.first, span.last, span.cid))
    return _run_together(pieces)[-SPANS:]


def _apart(span: Span, new: Span) -> list[Span]:
    inside = [at for at in (new.first, new.last) if span.first < at < span.last]
    if span.cid == new.cid or not inside:
        return [span]
    return [Span(span.first, span.first, span.cid), Span(span.last, span.last, span.cid)]


def _split(new: Span, others: list[Span]) -> list[Span]:
    if any(new.first < at < new.last for span in others for at in (span.first, span.last)):
        return [Span(new.first, new.first, new.cid), Span(new.last, new.last, new.cid)]
    return [new]


def _run_together(pieces: list[Span]) -> tuple[Span, ...]:
    runs: list[Span] = []
    for piece in pieces:
        if runs and runs[-1].cid == piece.cid:
            runs[-1] = Span(runs[-1].first, max(runs[-1].last, piece.last), piece.cid)
        else:
            runs.append(piece)
    return tuple(runs)
