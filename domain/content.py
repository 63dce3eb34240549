"""What a call itself says, recorded on the profile it belongs to (rules C6, C8 and M8)."""

from domain.attributes import SYSTEM, RawJson
from domain.commands import Alias, Call, Identify, Track
from domain.draft import Draft
from domain.events import (
    ActivityTracked,
    AttributesRefused,
    AttributesSet,
    Content,
    CustomerSeen,
    Moment,
)
from domain.identifiers import Uid
from domain.instants import day_of
from domain.profile import Profile

ATTRIBUTES = 2_000
"""Attributes a profile may have beside `SYSTEM` ones; further ones are refused and recorded."""


def record_content(
    draft: Draft, profile: Profile, call: Call, uid: Uid | None, moment: Moment
) -> Profile:
    """Record what the call itself says, under the origin it came from."""
    taken: dict[str, RawJson] = {}
    if not isinstance(call, Alias) and call.attributes:
        taken, declined = _within_limit(profile, call.attributes)
        if declined:
            refusal = AttributesRefused(moment, uid=uid, attributes=declined)
            profile = draft.record(profile, refusal)
    brought = Content(
        uid,
        uid is not None and call.cid is not None,
        call.links,
        call.context,
        call.received_at,
        call.original_at,
        call.sent_at,
        taken,
    )
    match call:
        case Track():
            event = ActivityTracked(moment, brought, call.name, call.properties)
            return draft.record(profile, event)
        case Identify() if taken or (call.cid is None and _new_links(profile, call, uid)):
            return draft.record(profile, AttributesSet(moment, brought))
        case _ if call.cid is not None and _is_news(profile, call, uid):
            links = call.links if uid is not None else ()
            seen = CustomerSeen(moment, uid=uid, links=links)
            return draft.record(profile, seen)
    return profile


def _is_news(customer: Profile, call: Call, uid: Uid | None) -> bool:
    """Tell whether an identify without attributes says anything new (rule M8).

    It does on a later day, and when it brings a link key.
    """
    last = customer.last_identified_on
    if last is None or day_of(call.occurred_at) > last:
        return True
    return uid is not None and _new_links(customer, call, uid)


def _new_links(profile: Profile, call: Call, uid: Uid | None) -> bool:
    return not profile.origin(uid).links.issuperset(call.links)


def _within_limit(
    profile: Profile, attributes: dict[str, RawJson]
) -> tuple[dict[str, RawJson], dict[str, RawJson]]:
    have = profile.total.attributes
    if len(have) + len(attributes) <= ATTRIBUTES:
        return attributes, {}
    room = ATTRIBUTES - sum(name not in SYSTEM for name in have)
    taken: dict[str, RawJson] = {}
    declined: dict[str, RawJson] = {}
    for name, value in attributes.items():
        if name in have or name in SYSTEM:
            taken[name] = value
        elif room > 0:
            room -= 1
            taken[name] = value
        else:
            declined[name] = value
    return taken, declined
