"""The aggregate: what a stream says about one person, and how each event changes it.

A visitor has one UID and exactly one origin; a customer has one CID and any number of folded
visitors. `evolve` never refuses and never asks: it only remembers.
"""

from typing import assert_never

import msgspec
from immutables import Map

from domain.attributes import Policies, write
from domain.errors import StreamOutOfOrder
from domain.events import (
    ActivityTracked,
    AliasRefused,
    AttributesRefused,
    AttributesSet,
    CustomerBorn,
    CustomerSeen,
    Event,
    Folded,
    LinkRefused,
    Merged,
    MergeRefused,
    Refusal,
    VisitorBorn,
)
from domain.identifiers import Cid, ProfileId, Uid
from domain.instants import day_of
from domain.origin import CID_ALONE, Origin, Origins, combine, join
from domain.seen import Seen

DEFAULT_POLICIES = Policies()

_BIRTHS = (VisitorBorn, CustomerBorn)


class Profile(msgspec.Struct, frozen=True, gc=False):
    """The state of one stream.

    `total` is the sum of all `origins`, kept up to date so that a read costs the same with
    one folded visitor or ten thousand; a customer's holds no link keys, for its origins do.
    `visitors` maps each folded UID to its own stream.
    """

    id: ProfileId
    version: int = 0
    uid: Uid | None = None
    cid: Cid | None = None
    origins: Origins = Map()
    total: Origin = Origin()
    visitors: Map[Uid, ProfileId] = Map()
    folded_into: Cid | None = None
    seen: Seen = Seen()
    refusals: Map[str, Refusal] = Map()
    last_identified_on: int | None = None

    def owns(self, uid: Uid | None) -> bool:
        """Tell whether this customer folded the visitor of that UID."""
        return uid in self.visitors

    def origin(self, uid: Uid | None) -> Origin:
        """Give what came under one UID, or under the CID alone."""
        return self.origins.get(uid or CID_ALONE, Origin())

    def refused(self, code: str, subject: str) -> bool:
        """Tell whether this was refused before."""
        return f"{code} {subject}" in self.refusals

    def __str__(self) -> str:
        who = f"customer:{self.cid}" if self.cid is not None else f"visitor:{self.uid}"
        return f"{who}@{self.version}"


def initial(profile_id: ProfileId) -> Profile:
    """Give the state of an empty stream."""
    return Profile(profile_id)


def evolve(profile: Profile, event: Event, policies: Policies = DEFAULT_POLICIES) -> Profile:
    """Fold one event into the state.

    Raises `StreamOutOfOrder` when the event cannot follow what came before.
    """
    is_first = profile.version == 0
    if is_first is not isinstance(event, _BIRTHS) or profile.folded_into is not None:
        raise StreamOutOfOrder(type(event).__name__, str(profile))
    match event:
        case ActivityTracked() | AttributesSet():
            return _took(profile, event, policies)
        case VisitorBorn():
            return _next(profile, event, uid=event.uid)
        case CustomerBorn():
            return _next(profile, event, cid=event.cid)
        case CustomerSeen():
            return _identified(profile, event)
        case Folded():
            return _next(profile, event, folded_into=event.cid)
        case Merged():
            return _merged(profile, event, policies)
        case MergeRefused() | AliasRefused() | AttributesRefused() | LinkRefused():
            refusals = {f"{r.code} {r.subject}": r for r in refusals_of(event)}
            return _next(profile, event, refusals=profile.refusals.update(refusals))
        case _:
            assert_never(event)


def _took(profile: Profile, event: ActivityTracked | AttributesSet, policies: Policies) -> Profile:
    content, name = event.content, event.content.uid or CID_ALONE
    have = profile.origins.get(name)
    origin = grown(Origin() if have is None else have, event, policies)
    named = profile.cid is not None and (content.asserts or content.uid is None)
    return Profile(
        profile.id,
        profile.version + 1,
        profile.uid,
        profile.cid,
        profile.origins.set(name, origin),
        _total(profile, have, origin, event, policies),
        profile.visitors,
        profile.folded_into,
        profile.seen.add(event.moment.message_id),
        profile.refusals,
        _last_day(profile, event)
        if named and isinstance(event, AttributesSet)
        else profile.last_identified_on,
    )


def _total(
    profile: Profile,
    before: Origin | None,
    now: Origin,
    event: ActivityTracked | AttributesSet,
    policies: Policies,
) -> Origin:
    """Give the sum of all origins when one of them grew by an event."""
    if profile.cid is None:
        return now
    if before is not None and len(profile.origins) == 1:
        return now.alone()
    return _summed(profile.total, event, policies)


def grown(origin: Origin, event: ActivityTracked | AttributesSet, policies: Policies) -> Origin:
    """Add to an origin what a call brought."""
    origin = _summed(origin, event, policies)
    return origin.link(event.content.links) if event.content.links else origin


def _summed(origin: Origin, event: ActivityTracked | AttributesSet, policies: Policies) -> Origin:
    """Add what a call brought, link keys apart."""
    content, moment = event.content, event.moment
    at, writes = moment.occurred_at, content.attributes
    if isinstance(event, ActivityTracked):
        have = origin.attributes
        now = write(have, policies, at, moment.message_id, writes) if writes else have
        origin = origin.active(event.name, at, now)
    elif writes:
        origin = origin.write(policies, at, moment.message_id, writes)
    return origin.identify(at) if content.asserts else origin


def _identified(profile: Profile, event: CustomerSeen) -> Profile:
    last = _last_day(profile, event)
    if event.uid is None:
        return _next(profile, event, last_identified_on=last)
    origin = profile.origin(event.uid).link(event.links).identify(event.moment.occurred_at)
    return _next(
        profile,
        event,
        last_identified_on=last,
        origins=profile.origins.set(event.uid, origin),
        total=profile.total.identify(event.moment.occurred_at),
    )


def _last_day(profile: Profile, event: Event) -> int:
    day = day_of(event.moment.occurred_at)
    last = profile.last_identified_on
    return day if last is None else max(last, day)


def _merged(profile: Profile, event: Merged, policies: Policies) -> Profile:
    brought = event.contribution
    seen = profile.seen
    for message_id in brought.message_ids:
        seen = seen.add(message_id)
    return _next(
        msgspec.structs.replace(profile, seen=seen),
        event,
        origins=join(policies, profile.origins, Map({event.uid: brought.origin})),
        total=combine(policies, profile.total, brought.origin),
        visitors=profile.visitors.set(event.uid, event.visitor_id),
        refusals=profile.refusals.update({f"{r.code} {r.subject}": r for r in brought.refusals}),
    )


def refusals_of(
    event: MergeRefused | AliasRefused | AttributesRefused | LinkRefused,
) -> list[Refusal]:
    """Show a refusal the way the profile does."""

    def refusal(code: str, subject: str, detail: str = "") -> Refusal:
        return Refusal(
            code=code,
            subject=subject,
            message_id=event.moment.message_id,
            occurred_at=event.moment.occurred_at,
            detail=detail,
        )

    match event:
        case MergeRefused():
            return [refusal("merge_refused", event.uid, f"belongs to {event.owner}")]
        case AliasRefused():
            return [refusal("customers_never_merge", event.previous_id)]
        case AttributesRefused():
            return [refusal("too_many_attributes", name) for name in event.attributes]
        case LinkRefused():
            return [refusal("link_key_crowded", event.link)]
        case _:
            assert_never(event)


def _next(profile: Profile, event: Event, **changes: object) -> Profile:
    return msgspec.structs.replace(
        profile,
        version=profile.version + 1,
        seen=profile.seen.add(event.moment.message_id),
        **changes,
    )
