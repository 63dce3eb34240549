"""Since when a UID belongs to its customer, by the hour at which things happened.

A fold is recorded by whichever call arrives last, but it counts from the moment at which both
sides had occurred: the visitor's first activity, an identify after it, and the link key shown
by both (rule M3); or simply the first call that named UID and CID together (rule M2). What
arrived when plays no part, so the answer is order-free like the profile itself.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping

from domain.events import (
    ActivityTracked,
    AnyEvent,
    AttributesSet,
    CustomerSeen,
    LinkRefused,
    Merged,
)
from domain.identifiers import LinkKey, Uid
from domain.instants import Instant
from domain.merging import ALIAS, SAME_CALL

NAMED = (SAME_CALL, ALIAS)
"""Rules by which the call itself named both ids; all others go by a link key."""


class Trace:
    """What the events of one UID say about when it could be folded."""

    def __init__(self) -> None:
        self.first_activity: Instant | None = None
        self.identifies: list[Instant] = []
        self.links: dict[LinkKey, Instant] = {}
        self.refused: set[LinkKey] = set()

    def show(self, links: Iterable[LinkKey], at: Instant) -> None:
        """Note link keys with the first moment at which they were shown."""
        for link in links:
            self.links[link] = min(at, self.links.get(link, at))

    def act(self, at: Instant) -> None:
        """Note an activity."""
        first = self.first_activity
        self.first_activity = at if first is None else min(first, at)


class Claims:
    """The identifies that one link key passes on: (identify, when it and the key were there)."""

    def __init__(self, claims: list[tuple[Instant, Instant]]) -> None:
        self._at = [identified for identified, _ in sorted(claims)]
        self._from = [there for _, there in sorted(claims)]
        for index in reversed(range(len(claims) - 1)):
            self._from[index] = min(self._from[index], self._from[index + 1])

    def after(self, first_activity: Instant) -> Instant | None:
        """Give the earliest moment at which an identify after that activity tied by the key."""
        index = bisect_right(self._at, first_activity)
        return self._from[index] if index < len(self._from) else None


def fold_times(events: Iterable[AnyEvent]) -> dict[Uid, Instant]:
    """Tell for each UID that these events fold since when it belongs to the customer.

    A fold that only an identify without news explains (decision 0005) counts from the call
    that recorded it: the log does not know that identify's hour.
    """
    events = list(events)
    traces = _traces(events)
    claims = _claims(traces)
    found = {}
    for event in events:
        if isinstance(event, Merged):
            trace = traces.get(event.uid, Trace())
            found[event.uid] = _since(trace, claims, event.moment.occurred_at)
    return found


def _since(trace: Trace, claims: Mapping[LinkKey, Claims], recorded_by: Instant) -> Instant:
    found = list(trace.identifies)
    first = trace.first_activity
    if first is not None:
        for link in trace.links.keys() - trace.refused:
            tied = claims[link].after(first) if link in claims else None
            if tied is not None:
                found.append(max(first, trace.links[link], tied))
    return min(found) if found else max(recorded_by, first or recorded_by)


def _claims(traces: Mapping[Uid, Trace]) -> dict[LinkKey, Claims]:
    found: dict[LinkKey, list[tuple[Instant, Instant]]] = {}
    for trace in traces.values():
        for link, shown_at in trace.links.items() if trace.identifies else ():
            found.setdefault(link, []).extend((i, max(i, shown_at)) for i in trace.identifies)
    return {link: Claims(claims) for link, claims in found.items()}


def _traces(events: Iterable[AnyEvent]) -> dict[Uid, Trace]:
    traces: dict[Uid, Trace] = {}
    for event in events:
        uid = event.content.uid if isinstance(event, ActivityTracked | AttributesSet) else None
        uid = getattr(event, "uid", uid)
        if uid is not None:
            _note(traces.setdefault(uid, Trace()), event)
    return traces


def _note(trace: Trace, event: AnyEvent) -> None:
    at = event.moment.occurred_at
    match event:
        case ActivityTracked() | AttributesSet():
            trace.show(event.content.links, at)
            if isinstance(event, ActivityTracked):
                trace.act(at)
            if event.content.asserts:
                trace.identifies.append(at)
        case CustomerSeen():
            trace.show(event.links, at)
            trace.identifies.append(at)
        case Merged() if event.rule in NAMED:
            trace.identifies.append(at)
        case LinkRefused():
            trace.refused.add(event.link)
        case _:
            pass
