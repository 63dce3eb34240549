"""Domain values as lists by position, and back.

Only what msgspec cannot convert by itself is spelled out: persistent maps and what holds them.
"""

from typing import Any
from uuid import UUID

from immutables import Map

from domain.attributes import Attributes, Register, Value
from domain.events import Contribution, Refusal
from domain.journal import Journal
from domain.origin import Origin
from domain.profile import Profile
from domain.seen import Seen

Row = list[Any]
"""A record by position; see the function that made it."""


def origin_row(origin: Origin) -> Row:
    """Flatten an origin; members of unions and links sorted, so that equal gives equal."""
    return [
        {name: _value_row(value) for name, value in sorted(origin.attributes.items())},
        origin.first_seen,
        origin.last_seen,
        dict(sorted(origin.activities.items())),
        sorted(origin.links),
        origin.identified_from,
        origin.identified_to,
    ]


def origin_of(row: Row) -> Origin:
    """Rebuild an origin."""
    attributes, first, last, activities, links, identified_from, identified_to = row
    return Origin(
        _attributes(attributes),
        first,
        last,
        activities,
        frozenset(links),
        identified_from,
        identified_to,
    )


def contribution_row(brought: Contribution) -> Row:
    """Flatten what a visitor brings."""
    return [origin_row(brought.origin), brought.message_ids, brought.refusals]


def contribution_of(row: Row) -> Contribution:
    """Rebuild what a visitor brought."""
    origin, message_ids, refusals = row
    return Contribution(origin_of(origin), tuple(message_ids), tuple(map(_refusal, refusals)))


def profile_row(profile: Profile) -> Row:
    """Flatten a whole profile for a snapshot."""
    return [
        profile.version,
        profile.uid,
        profile.cid,
        {uid: origin_row(origin) for uid, origin in profile.origins.items()},
        origin_row(profile.total),
        {uid: visitor_id.bytes for uid, visitor_id in profile.visitors.items()},
        profile.folded_into,
        _seen_row(profile.seen),
        dict(profile.refusals.items()),
        profile.last_identified_on,
    ]


def profile_of(profile_id: UUID, row: Row) -> Profile:
    """Rebuild a profile from its snapshot."""
    version, uid, cid, origins, total, visitors, folded_into, seen, refusals, day = row
    return Profile(
        profile_id,
        version,
        uid,
        cid,
        Map({uid: origin_of(origin) for uid, origin in origins.items()}),
        origin_of(total),
        Map({uid: UUID(bytes=visitor_id) for uid, visitor_id in visitors.items()}),
        folded_into,
        _seen(seen),
        Map({key: _refusal(refusal) for key, refusal in refusals.items()}),
        day,
    )


def journal_row(journal: Journal) -> Row:
    """Flatten a journal for a snapshot."""
    return [journal.version, journal.source, _seen_row(journal.seen)]


def journal_of(journal_id: UUID, row: Row) -> Journal:
    """Rebuild a journal from its snapshot."""
    version, source, seen = row
    return Journal(journal_id, source, version, _seen(seen))


def _value_row(value: Value) -> object:
    return value if isinstance(value, Register) else {"members": sorted(value)}


def _attributes(rows: dict[str, Any]) -> Attributes:
    return {
        name: frozenset(row["members"]) if isinstance(row, dict) else Register(*row)
        for name, row in rows.items()
    }


def _refusal(row: Row) -> Refusal:
    return Refusal(*row)


def _seen_row(seen: Seen) -> Row:
    return [dict(seen.young.items()), dict(seen.old.items()), seen.turn]


def _seen(row: Row) -> Seen:
    young, old, turn = row
    return Seen(Map(young), Map(old), turn)
