"""The identity rules: what a command does to profiles (rules C3-C8 and M1-M8).

`resolve` says whose call it is, `apply` does it. Both are deterministic: all they know comes
from the command, the draft and the time they are given.
"""

from collections.abc import Mapping
from enum import IntEnum

import msgspec

from domain.attributes import RawJson
from domain.commands import Alias, Call, Identify, Reject, Track
from domain.draft import Draft
from domain.events import (
    ActivityTracked,
    AliasRefused,
    AttributesRefused,
    AttributesSet,
    CallRejected,
    Content,
    CustomerBorn,
    CustomerSeen,
    LinkRefused,
    Moment,
    VisitorBorn,
)
from domain.identifiers import Cid, Uid
from domain.instants import Instant, day_of
from domain.merging import ALIAS, SAME_CALL, claim, link_rule, spread
from domain.origin import Origin
from domain.profile import Profile

ATTRIBUTES = 2_000
"""Attributes a profile may have; further ones are refused and recorded."""


class Outcome(IntEnum):
    """What became of a command."""

    APPLIED = 0
    DUPLICATE = 1


class Target(msgspec.Struct, frozen=True):
    """Whose call it is: a customer, or with `cid` None a visitor.

    `rule` is how that customer comes by the UID, should it not own it yet; `visitor` is the
    UID's, None when it is yet to be born.
    """

    cid: Cid | None
    rule: str = SAME_CALL
    visitor: Profile | None = None


def resolve(call: Call, draft: Draft) -> Target:
    """Say whose call it is (rules C3, C4 and M3)."""
    if call.cid is not None:
        return Target(call.cid)
    owner, visitor = draft.whose(_uid(call))
    if owner is not None:
        return Target(owner)
    if visitor is None:
        return _linked(call, Origin(), draft) or Target(None)
    if call.message_id in visitor.seen:
        return Target(None, visitor=visitor)
    return _linked(call, visitor.total, draft) or Target(None, visitor=visitor)


def apply(call: Call, target: Target, draft: Draft, recorded_at: Instant) -> Outcome:
    """Record what a call means for the profile it belongs to."""
    moment = Moment(call.message_id, call.occurred_at, recorded_at, call.source)
    if target.cid is None:
        return _to_visitor(call, target.visitor, draft, moment)
    return _to_customer(call, target.cid, target.rule, draft, moment)


def reject(command: Reject, draft: Draft, recorded_at: Instant) -> Outcome:
    """Keep a call that could not be taken."""
    moment = Moment(command.message_id, command.occurred_at, recorded_at, command.source)
    event = CallRejected(moment, code=command.code, message=command.message, sample=command.sample)
    return Outcome.APPLIED if draft.reject(event) else Outcome.DUPLICATE


def _linked(call: Call, have: Origin, draft: Draft) -> Target | None:
    """Find the customer whose identify follows the visitor's first activity (rule M3)."""
    first = have.first_seen
    if isinstance(call, Track):
        first = call.occurred_at if first is None else min(first, call.occurred_at)
    if first is None or (first == have.first_seen and have.links.issuperset(call.links)):
        return None
    claims = []
    for link in have.links.union(call.links):
        claimant = draft.book(link).claimant(first)
        if claimant is not None:
            claims.append((*claimant, link))
    if not claims:
        return None
    _, cid, link = min(claims)
    return Target(cid, link_rule(link))


def _to_visitor(call: Call, visitor: Profile | None, draft: Draft, moment: Moment) -> Outcome:
    uid = _uid(call)
    if visitor is None:
        visitor = draft.bear(VisitorBorn(moment, uid=uid))
    elif call.message_id in visitor.seen:
        return Outcome.DUPLICATE
    before = visitor.total
    visitor = _content(draft, visitor, call, uid, moment)
    _register(draft, visitor, before, moment)
    return Outcome.APPLIED


def _register(draft: Draft, visitor: Profile, before: Origin, moment: Moment) -> None:
    """Make an unclaimed visitor known under its link keys."""
    uid, first, links = visitor.uid, visitor.total.first_seen, visitor.total.links
    if uid is None or first is None or (first == before.first_seen and links == before.links):
        return
    for link in sorted(links):
        book = draft.book(link)
        if not book.crowded(uid):
            draft.keep(link, book.register(uid, first))
        elif not visitor.refused("link_key_crowded", link):
            visitor = draft.record(visitor, LinkRefused(moment, uid=uid, link=link))


def _to_customer(call: Call, cid: Cid, rule: str, draft: Draft, moment: Moment) -> Outcome:
    customer = draft.customer(cid)
    if customer is not None and call.message_id in customer.seen:
        return Outcome.DUPLICATE
    if isinstance(call, Alias) and call.uid is None and call.previous_id == Uid(cid):
        return Outcome.APPLIED
    if customer is None:
        customer = draft.bear(CustomerBorn(moment, cid=cid))
    if call.uid is not None or not isinstance(call, Alias):
        customer = _belonging(draft, customer, call, call.uid, rule, moment)
    if isinstance(call, Alias) and call.previous_id != Uid(cid):
        _alias(draft, customer, call, moment)
    return Outcome.APPLIED


def _belonging(
    draft: Draft, customer: Profile, call: Call, uid: Uid | None, rule: str, moment: Moment
) -> Profile:
    """Claim the UID, record what the call brings, fold who else is due."""
    if uid is not None:
        customer = claim(draft, customer, uid, rule, moment)
    if uid is None or not customer.owns(uid):
        return _content(draft, customer, call, None, moment)
    before = customer.origin(uid)
    customer = _content(draft, customer, call, uid, moment)
    return spread(draft, customer, uid, before, moment)


def _alias(draft: Draft, customer: Profile, call: Alias, moment: Moment) -> None:
    previous = call.previous_id
    is_uid = draft.whose(previous) != (None, None)
    if is_uid or draft.customer(Cid(previous)) is None:
        _belonging(draft, customer, call, previous, ALIAS, moment)
    elif not customer.refused("customers_never_merge", previous) and customer.cid is not None:
        refusal = AliasRefused(moment, previous_id=previous, cid=customer.cid)
        draft.record(customer, refusal)


def _content(
    draft: Draft, profile: Profile, call: Call, uid: Uid | None, moment: Moment
) -> Profile:
    """Record what the call itself says, under the origin it came from."""
    taken: dict[str, RawJson] = {}
    if not isinstance(call, Alias) and call.attributes:
        taken, declined = _within_limit(profile, call.attributes)
        if declined:
            refusal = AttributesRefused(moment, uid=uid, attributes=declined)
            profile = draft.record(profile, refusal)
    content = Content(
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
            event = ActivityTracked(moment, content, call.name, call.properties)
            return draft.record(profile, event)
        case Identify() if taken or (call.cid is None and _new_links(profile, call, uid)):
            return draft.record(profile, AttributesSet(moment, content))
        case _ if call.cid is not None and _is_news(profile, call, uid):
            links = call.links if uid is not None else ()
            seen = CustomerSeen(moment, uid=uid, links=links)
            return draft.record(profile, seen)
    return profile


def _is_news(customer: Profile, call: Call, uid: Uid | None) -> bool:
    """Tell whether an identify without attributes says anything new (rule M8).

    It does on a later day, and whenever it moves what the link keys decide (decision 0005).
    """
    last = customer.last_identified_on
    if last is None or day_of(call.occurred_at) > last:
        return True
    if uid is None:
        return False
    origin = customer.origin(uid)
    later = origin.identified_to is None or call.occurred_at > origin.identified_to
    return _new_links(customer, call, uid) or (bool(origin.links) and later)


def _new_links(profile: Profile, call: Call, uid: Uid | None) -> bool:
    return not profile.origin(uid).links.issuperset(call.links)


def _within_limit(
    profile: Profile, attributes: Mapping[str, RawJson]
) -> tuple[dict[str, RawJson], dict[str, RawJson]]:
    have = profile.total.attributes
    room = ATTRIBUTES - len(have)
    taken: dict[str, RawJson] = {}
    declined: dict[str, RawJson] = {}
    for name, value in attributes.items():
        if name in have:
            taken[name] = value
        elif room > 0:
            room -= 1
            taken[name] = value
        else:
            declined[name] = value
    return taken, declined


def _uid(call: Call) -> Uid:
    if call.uid is None:
        raise ValueError(f"Expected call {call.message_id} to name a UID or a CID")
    return call.uid
