"""Folding visitors into customers (rules M1-M6): the only way two profiles become one."""

from domain.draft import Draft
from domain.events import Contribution, Folded, Merged, MergeRefused, Moment, VisitorBorn
from domain.identifiers import Cid, LinkKey, Uid
from domain.linking import kind_of
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


def spread(draft: Draft, customer: Profile, uid: Uid, before: Origin, moment: Moment) -> Profile:
    """Fold the visitors that a link key of an identified UID ties to this customer (M3).

    Nothing is asked when neither the UID's identifies nor its link keys went beyond `before`.
    """
    origin = customer.origin(uid)
    first, last = origin.identified_from, origin.identified_to
    if first is None or last is None or _same_reach(origin, before):
        return customer
    assert customer.cid is not None
    for link in sorted(origin.links):
        book = draft.book(link).identify(customer.cid, first, last)
        draft.keep(link, book)
        for neighbour in book.due(last):
            _, visitor = draft.whose(neighbour)
            if visitor is not None:
                customer = fold(draft, customer, visitor, link_rule(link), moment)
    return customer


def _same_reach(origin: Origin, before: Origin) -> bool:
    return (
        origin.identified_from == before.identified_from
        and origin.identified_to == before.identified_to
        and origin.links == before.links
    )


def _refuse(draft: Draft, customer: Profile, uid: Uid, owner: Cid, moment: Moment) -> Profile:
    if customer.cid is None or customer.refused("merge_refused", uid):
        return customer
    refusal = MergeRefused(moment, uid=uid, owner=owner, claimed_by=customer.cid)
    return draft.record(customer, refusal)
