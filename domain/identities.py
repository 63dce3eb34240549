"""Why these UIDs are one person: who was folded since when, by which rule and which call."""

from typing import Any

from domain.document import refusals_shown
from domain.events import Merged
from domain.fold_times import fold_times
from domain.identifiers import Uid
from domain.instants import Instant, rfc3339
from domain.person import Person
from domain.profile import Profile


def identities(person: Person) -> dict[str, Any]:
    """Tell what ties a profile together.

    Keys: `kind`, `cid` or `uid`, `uids` (longest with the person first) and `refusals`. Each
    UID has `uid`, `links`, `first_seen`; when folded also `since` (the moment from which the
    fold counts), `rule`, `position`, `message_id`, `source`, `occurred_at` and `recorded_at` of
    the call that did it. `since` may lie before or after that call (decision 0020).
    """
    profile = person.profile
    name = {"uid": profile.uid} if profile.cid is None else {"cid": profile.cid}
    told = (
        [_known(profile, uid) for uid in (profile.uid,) if uid is not None]
        if profile.cid is None
        else _folded(person)
    )
    return {
        "kind": "visitor" if profile.cid is None else "customer",
        **name,
        "uids": told,
        "refusals": refusals_shown(profile),
    }


def _folded(person: Person) -> list[dict[str, Any]]:
    since = fold_times(recorded.event for _, recorded in person.events)
    told = [
        (since[event.uid], position, _fold(person.profile, position, event, since[event.uid]))
        for position, recorded in person.events
        if isinstance(event := recorded.event, Merged) and event.uid in person.profile.visitors
    ]
    return [fold for _, _, fold in sorted(told, key=lambda entry: entry[:2])]


def _fold(profile: Profile, position: int, event: Merged, since: Instant) -> dict[str, Any]:
    moment = event.moment
    return {
        **_known(profile, event.uid),
        "since": rfc3339(since),
        "rule": event.rule,
        "position": position,
        "message_id": moment.message_id,
        "source": moment.source,
        "occurred_at": rfc3339(moment.occurred_at),
        "recorded_at": rfc3339(moment.recorded_at),
    }


def _known(profile: Profile, uid: Uid) -> dict[str, Any]:
    origin = profile.origin(uid)
    first = origin.first_seen
    return {
        "uid": uid,
        "links": sorted(origin.links),
        "first_seen": None if first is None else rfc3339(first),
    }
