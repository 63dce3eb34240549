"""What a profile knows, kept apart by where it came from (rules F2 and F3).

An origin holds what came under one UID, or under the CID alone. Two copies of the *same*
origin join (the further one wins, field by field); two *different* origins add up.
"""

from collections.abc import Mapping

import msgspec
from immutables import Map

from domain.attributes import Attributes, Policies, RawJson, join_attributes, write
from domain.identifiers import LinkKey
from domain.instants import Instant

ACTIVITY_NAMES = 500
"""Activity names counted one by one; the rest is counted under `$other`."""

OTHER = "$other"

CID_ALONE = ""
"""The origin of what came under the CID without a UID of its own."""


class Origin(msgspec.Struct, frozen=True, gc=False):
    """All that came under one UID, or under the CID alone.

    `first_seen` and `last_seen` come from activities alone (rule M8). `identified_from` and
    `identified_to` span the times at which calls named this UID together with its CID.
    """

    attributes: Attributes = {}
    first_seen: Instant | None = None
    last_seen: Instant | None = None
    activities: Mapping[str, int] = {}
    links: frozenset[LinkKey] = frozenset()
    identified_from: Instant | None = None
    identified_to: Instant | None = None

    def active(self, name: str, at: Instant, attributes: Attributes | None = None) -> "Origin":
        """Count one activity; `attributes` are all of them as it left them, if it set any."""
        first, last = self.first_seen, self.last_seen
        return Origin(
            self.attributes if attributes is None else attributes,
            at if first is None or at < first else first,
            at if last is None or at > last else last,
            _counted(self.activities, {name: 1}),
            self.links,
            self.identified_from,
            self.identified_to,
        )

    def write(
        self, policies: Policies, at: Instant, message_id: str, writes: Mapping[str, RawJson]
    ) -> "Origin":
        """Write attributes, each under its policy."""
        attributes = write(self.attributes, policies, at, message_id, writes)
        return msgspec.structs.replace(self, attributes=attributes)

    def alone(self) -> "Origin":
        """Give what `combine` makes of a single origin: all of it but the link keys."""
        return Origin(
            self.attributes,
            self.first_seen,
            self.last_seen,
            self.activities,
            frozenset(),
            self.identified_from,
            self.identified_to,
        )

    def link(self, links: tuple[LinkKey, ...]) -> "Origin":
        """Add the link keys that a call brought."""
        if self.links.issuperset(links):
            return self
        return msgspec.structs.replace(self, links=self.links.union(links))

    def identify(self, at: Instant) -> "Origin":
        """Note that a call named this UID together with its CID."""
        return msgspec.structs.replace(
            self,
            identified_from=at if self.identified_from is None else min(self.identified_from, at),
            identified_to=at if self.identified_to is None else max(self.identified_to, at),
        )


Origins = Map[str, Origin]
"""UID (or `CID_ALONE`) -> what came under it."""


def join_origin(policies: Policies, left: Origin, right: Origin) -> Origin:
    """Join two copies of one origin: associative, commutative, idempotent."""
    return Origin(
        join_attributes(policies, left.attributes, right.attributes),
        _least(left.first_seen, right.first_seen),
        _greatest(left.last_seen, right.last_seen),
        _maxima(left.activities, right.activities),
        left.links | right.links,
        _least(left.identified_from, right.identified_from),
        _greatest(left.identified_to, right.identified_to),
    )


def join(policies: Policies, left: Origins, right: Origins) -> Origins:
    """Join two states of one profile, origin by origin: a join-semilattice (rule F3)."""
    merged = left.mutate()
    for uid, origin in right.items():
        have = merged.get(uid)
        merged[uid] = origin if have is None else join_origin(policies, have, origin)
    return merged.finish()


def combine(policies: Policies, left: Origin, right: Origin) -> Origin:
    """Add up two different origins into what a reader is shown.

    Link keys are left out: nobody is shown them, and to copy thousands at each fold is dear.
    """
    return Origin(
        join_attributes(policies, left.attributes, right.attributes),
        _least(left.first_seen, right.first_seen),
        _greatest(left.last_seen, right.last_seen),
        _counted(left.activities, right.activities),
        frozenset(),
        _least(left.identified_from, right.identified_from),
        _greatest(left.identified_to, right.identified_to),
    )


def total(policies: Policies, origins: Origins) -> Origin:
    """Add up every origin of a profile."""
    whole = Origin()
    for uid in sorted(origins):
        whole = combine(policies, whole, origins[uid])
    return whole


def _counted(left: Mapping[str, int], right: Mapping[str, int]) -> dict[str, int]:
    """Add counts by name; a name that finds no room counts as `OTHER`."""
    counts = dict(left)
    for name, count in right.items():
        known = name if name in counts or len(counts) < ACTIVITY_NAMES else OTHER
        counts[known] = counts.get(known, 0) + count
    return counts


def _maxima(left: Mapping[str, int], right: Mapping[str, int]) -> dict[str, int]:
    merged = dict(left)
    for name, count in right.items():
        merged[name] = max(merged.get(name, 0), count)
    return merged


def _least(left: Instant | None, right: Instant | None) -> Instant | None:
    if left is None or right is None:
        return right if left is None else left
    return min(left, right)


def _greatest(left: Instant | None, right: Instant | None) -> Instant | None:
    if left is None or right is None:
        return right if left is None else left
    return max(left, right)
