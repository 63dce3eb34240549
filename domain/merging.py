"""Folding visitors into customers (rules M1-M6): the only way two profiles become one."""

from domain.draft import Draft
from domain.events import Contribution, Folded, Merged, MergeRefused, Moment, VisitorBorn
from domain.identifiers import Cid, LinkKey, Uid
from domain.instants import Instant
from domain.linking import Identified, kind_of, own_key
from domain.origin import Origin
from domain.profile import Profile

SAME_CALL = "same_call"
ALIAS = "alias"


def link_rule(link: LinkKey) -> str:
    """Name the rule by which a link key folds."""
    return f"link_key:{kind_of(link)}"


def claim(draft: Draft, customer: Profile, uid: Uid, rule: str, moment: Moment) -> Profile:
    """Make a UID part of a customer if it may be; see `Profile.owns` for the answer.

    A UID never seen is claimed all the same (M2). One that belongs to somebody else is
    refused, and the refusal recorded once per pair (M6).
    """
    if customer.owns(uid):
        return customer
    owner, visitor = draft.whose(uid)
    if owner is not None:
        return _refuse(draft, customer, uid, owner, moment)
    visitor = visitor or draft.bear(VisitorBorn(moment, uid=uid))
    return fold(draft, customer, visitor, rule, moment)


def fold(draft: Draft, customer: Profile, visitor: Profile, rule: str, moment: Moment) -> Profile:
    """Close a visitor's stream and bring what it knew to the customer (M4 and M5)."""
    cid, uid = customer.cid, visitor.uid
    assert cid is not None
    assert uid is not None
    closed = draft.record(visitor, Folded(moment, cid=cid, customer_id=customer.id, rule=rule))
    merged = Merged(
        moment,
        uid=uid,
        visitor_id=closed.id,
        visitor_version=closed.version,
        contribution=contribution(visitor),
        rule=rule,
    )
    draft.owners[uid] = cid
    for link in visitor.total.links:
        draft.keep(link, draft.book(link).strike(uid))
    return draft.record(customer, merged)


def contribution(visitor: Profile) -> Contribution:
    """Gather what a visitor brings along."""
    return Contribution(
        origin=visitor.total,
        message_ids=visitor.seen.latest(),
        refusals=tuple(refusal for _, refusal in sorted(visitor.refusals.items())),
    )


def spread(
    draft: Draft, customer: Profile, uid: Uid, before: Origin, identified_at: Instant | None
) -> dict[Uid, LinkKey]:
    """Note under a UID's link keys what is known of its identifies, and list who is due (M3).

    `before` is what came under the UID until this call, `identified_at` the call's time if it
    names UID and CID together. Gives each visitor due, with the link key that ties it.
    """
    links = customer.origin(uid).links
    news = _identified(customer, uid, identified_at)
    if not links:
        _note_unless_told(draft, customer, uid, news)
        return {}
    fresh = links - before.links
    known = _known(draft, customer, uid, before) if fresh else news
    due: dict[Uid, LinkKey] = {}
    for link in sorted(links):
        told = [*known, *news] if link in fresh else news
        if told:
            book = draft.book(link).identify(*told)
            draft.keep(link, book)
            due = dict.fromkeys(book.due(max(told).at), link) | due
    return due


def _known(draft: Draft, customer: Profile, uid: Uid, before: Origin) -> list[Identified]:
    """Gather the identifies of a UID: from its events and from the books it is in."""
    ends = (before.identified_from, before.identified_to)
    known = {each for at in ends for each in _identified(customer, uid, at)}
    for link in before.links or {own_key(uid)}:
        known.update(draft.book(link).of(uid))
    return sorted(known)


def _note_unless_told(draft: Draft, customer: Profile, uid: Uid, news: list[Identified]) -> None:
    """Keep an identify that no event tells of, should the UID get a link key later."""
    origin = customer.origin(uid)
    for identified in news:
        if identified.at not in {origin.identified_from, origin.identified_to}:
            book = draft.book(own_key(uid))
            draft.keep(own_key(uid), book.identify(identified))


def _identified(customer: Profile, uid: Uid, at: Instant | None) -> list[Identified]:
    return [] if at is None or customer.cid is None else [Identified(at, customer.cid, uid)]


def _refuse(draft: Draft, customer: Profile, uid: Uid, owner: Cid, moment: Moment) -> Profile:
    if customer.cid is None or customer.refused("merge_refused", uid):
        return customer
    refusal = MergeRefused(moment, uid=uid, owner=owner, claimed_by=customer.cid)
    return draft.record(customer, refusal)
