"""The identity rules: what a command does to profiles (rules C3-C8 and M1-M8).

`resolve` says whose call it is, `apply` does it. Both are deterministic: all they know comes
from the command, the draft and the time they are given.
"""

from enum import IntEnum

import msgspec

from domain.commands import Alias, Call, Reject, Track
from domain.content import record_content
from domain.draft import Draft
from domain.events import (
    AliasRefused,
    CallRejected,
    CustomerBorn,
    LinkRefused,
    Moment,
    VisitorBorn,
)
from domain.identifiers import Cid, Uid
from domain.instants import Instant
from domain.merging import ALIAS, SAME_CALL, claim, fold, link_rule, spread
from domain.origin import Origin
from domain.profile import Profile


class Outcome(IntEnum):
    """What became of a command."""

    APPLIED = 0
    DUPLICATE = 1


class Target(msgspec.Struct, frozen=True, gc=False):
    """Whose call it is: a customer, or with `cid` None a visitor.

    `rule` is how that customer comes by the UID, should it not own it yet; `visitor` is the
    UID's, None when it is yet to be born, and `is_known` says that it has applied the call.
    """

    cid: Cid | None
    rule: str = SAME_CALL
    visitor: Profile | None = None
    is_known: bool = False


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
        return Target(None, visitor=visitor, is_known=True)
    return _linked(call, visitor.total, draft) or Target(None, visitor=visitor)


def apply(call: Call, target: Target, draft: Draft, recorded_at: Instant) -> Outcome:
    """Record what a call means for the profile it belongs to."""
    if target.is_known:
        return Outcome.DUPLICATE
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
            claims.append((claimant, link))
    if not claims:
        return None
    claimant, link = min(claims)
    return Target(claimant.cid, link_rule(link))


def _to_visitor(call: Call, visitor: Profile | None, draft: Draft, moment: Moment) -> Outcome:
    uid = _uid(call)
    if visitor is None:
        visitor = draft.bear(VisitorBorn(moment, uid=uid))
    before = visitor.total
    visitor = record_content(draft, visitor, call, uid, moment)
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
    is_noop = isinstance(call, Alias) and call.previous_id == Uid(cid)
    if is_noop and call.uid is None:
        return Outcome.APPLIED
    if customer is None:
        customer = draft.bear(CustomerBorn(moment, cid=cid))
    if call.uid is not None:
        customer = claim(draft, customer, call.uid, rule, moment)
    if call.uid is not None or not isinstance(call, Alias):
        customer = _belonging(draft, customer, call, call.uid, moment)
    if isinstance(call, Alias) and not is_noop:
        _alias(draft, customer, call, moment)
    return Outcome.APPLIED


def _belonging(
    draft: Draft, customer: Profile, call: Call, uid: Uid | None, moment: Moment
) -> Profile:
    """Record what the call brings, under its UID if that is the customer's; fold who is due."""
    if uid is None or not customer.owns(uid):
        return record_content(draft, customer, call, None, moment)
    before = customer.origin(uid)
    customer = record_content(draft, customer, call, uid, moment)
    identified_at = None if call.cid is None else call.occurred_at
    for neighbour, link in spread(draft, customer, uid, before, identified_at).items():
        _, visitor = draft.whose(neighbour)
        if visitor is not None:
            customer = fold(draft, customer, visitor, link_rule(link), moment)
    return customer


def _alias(draft: Draft, customer: Profile, call: Alias, moment: Moment) -> None:
    previous, cid = call.previous_id, customer.cid
    if cid is None or customer.refused("customers_never_merge", previous):
        return
    is_uid = draft.whose(previous) != (None, None)
    if is_uid or draft.customer(Cid(previous)) is None:
        customer = claim(draft, customer, previous, ALIAS, moment)
        _belonging(draft, customer, call, previous, moment)
    else:
        draft.record(customer, AliasRefused(moment, previous_id=previous, cid=cid))


def _uid(call: Call) -> Uid:
    if call.uid is None:
        raise ValueError(f"Expected call {call.message_id} to name a UID or a CID")
    return call.uid
