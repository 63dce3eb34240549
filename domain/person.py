"""A person as somebody asks about it: now, as of an hour, as it was known at an hour."""

from collections.abc import Iterable, Iterator
from functools import reduce

import msgspec

from domain.attributes import Policies
from domain.draft import Recorded
from domain.events import ActivityTracked, AttributesSet, CallRejected, Event
from domain.identifiers import ProfileId
from domain.instants import Instant
from domain.origin import CID_ALONE
from domain.profile import Profile, evolve, initial

Positioned = tuple[int, Recorded]
"""An event with its position in the log."""


class Then(msgspec.Struct, frozen=True):
    """Which past is asked for: calls that had occurred by, events recorded by. None: now."""

    as_of: Instant | None = None
    as_known_at: Instant | None = None


NOW = Then()


class Person(msgspec.Struct, frozen=True):
    """A profile, and the events of its streams that were known, in the order of the log."""

    profile: Profile
    events: list[Positioned]
    as_of: Instant | None = None

    def content(self) -> Iterator[tuple[int, Recorded, ActivityTracked | AttributesSet]]:
        """List the events whose content the profile is made of."""
        origins = self.profile.origins
        for position, recorded in self.events:
            event = recorded.event
            if (
                isinstance(event, ActivityTracked | AttributesSet)
                and (event.content.uid or CID_ALONE) in origins
                and has_occurred(event, self.as_of)
            ):
                yield position, recorded, event


def has_occurred(event: Event, by: Instant | None) -> bool:
    """Tell whether the call behind an event had occurred by a moment (None: any had)."""
    return by is None or event.moment.occurred_at <= by


def known_by(events: Iterable[Positioned], moment: Instant | None) -> list[Positioned]:
    """Keep of each stream what comes before the first event recorded later.

    What remains of a stream is a state that it really had, whatever the hosts' clocks did.
    """
    if moment is None:
        return list(events)
    closed: set[ProfileId] = set()
    known = []
    for position, recorded in events:
        if recorded.event.moment.recorded_at > moment:
            closed.add(recorded.profile_id)
        if recorded.profile_id not in closed:
            known.append((position, recorded))
    return known


def replayed(
    profile_id: ProfileId, events: Iterable[Positioned], policies: Policies
) -> Profile | None:
    """Build the state of one stream from its events; None when there are none yet."""
    own = [recorded.event for _, recorded in events if recorded.profile_id == profile_id]
    told = (event for event in own if not isinstance(event, CallRejected))
    return reduce(lambda p, e: evolve(p, e, policies), told, initial(profile_id)) if own else None
