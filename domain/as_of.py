"""A profile as of an hour: what the calls that had occurred by then make of it.

A contribution inside `Merged` holds a visitor's state as it was folded, later calls included:
so the events of the visitors' own streams are read instead. The result is what the domain would
have made of those calls, in whatever order (rule F5); identifies that left no event are not
known (decision 0020).
"""

from collections.abc import Iterable, Mapping, Sequence

from immutables import Map

from domain.attributes import Policies
from domain.events import (
    ActivityTracked,
    AliasRefused,
    AnyEvent,
    AttributesRefused,
    AttributesSet,
    CustomerBorn,
    CustomerSeen,
    LinkRefused,
    Merged,
    MergeRefused,
    Refusal,
    VisitorBorn,
)
from domain.fold_times import NAMED, fold_times
from domain.identifiers import ProfileId, Uid
from domain.instants import Instant, day_of
from domain.origin import CID_ALONE, Origin, Origins, total
from domain.person import Person, Positioned
from domain.profile import Profile, grown, refusals_of

_REFUSALS = (MergeRefused, AliasRefused, AttributesRefused, LinkRefused)


def person_as_of(
    known: Person, uid: Uid | None, moment: Instant, policies: Policies
) -> Person | None:
    """Give a person as of a moment; None when there was no such profile then.

    `known` has the events of all its streams. Asked for by a UID, it is the customer once the
    UID was folded, and the visitor before.
    """
    profile, events = known.profile, known.events
    if profile.cid is None:
        then = visitor_as_of(profile.id, profile.uid or Uid(""), events, moment, policies)
    else:
        then = customer_as_of(profile, events, moment, policies)
        if uid is not None and (then is None or not then.owns(uid)):
            then = visitor_as_of(profile.visitors[uid], uid, events, moment, policies)
    return None if then is None else Person(then, events, moment)


def folded_by(customer: Profile, events: Iterable[Positioned], moment: Instant) -> set[Uid]:
    """List the UIDs that belonged to a customer by then."""
    since = fold_times(recorded.event for _, recorded in events)
    return {uid for uid in customer.visitors if since.get(uid, moment) <= moment}


def customer_as_of(
    customer: Profile, events: Sequence[Positioned], moment: Instant, policies: Policies
) -> Profile | None:
    """Give a customer as of a moment; None when no call had named it by then.

    `events` are those of its own stream and of the visitors it has folded.
    """
    by_then = _by_then(events, moment)
    if not any(_names(event) for event in by_then):
        return None
    uids = folded_by(customer, events, moment)
    origins = _origins(by_then, {*uids, CID_ALONE}, policies)
    return Profile(
        customer.id,
        version=customer.version,
        cid=customer.cid,
        origins=origins,
        total=total(policies, origins),
        visitors=Map({uid: customer.visitors[uid] for uid in uids}),
        refusals=_refusals(by_then, {*uids, None}),
        last_identified_on=_last_day(by_then),
    )


def visitor_as_of(
    profile_id: ProfileId,
    uid: Uid,
    events: Sequence[Positioned],
    moment: Instant,
    policies: Policies,
) -> Profile | None:
    """Give a visitor as of a moment before it was folded; None when it had not been seen.

    `events` are those of its own stream and, when it was folded later, of its customer's.
    """
    by_then = _by_then(events, moment)
    if not any(_is_under(event, uid) for event in by_then):
        return None
    origins = _origins(by_then, {uid}, policies)
    return Profile(
        profile_id,
        version=sum(recorded.profile_id == profile_id for _, recorded in events),
        uid=uid,
        origins=origins,
        total=total(policies, origins),
        refusals=_refusals(by_then, {uid}),
    )


def _by_then(events: Iterable[Positioned], moment: Instant) -> list[AnyEvent]:
    told = (recorded.event for _, recorded in events)
    return [event for event in told if event.moment.occurred_at <= moment]


def _origins(events: Iterable[AnyEvent], among: set[Uid | str], policies: Policies) -> Origins:
    """Gather by origin all that calls brought."""
    origins: dict[str, Origin] = {}
    for event in events:
        match event:
            case ActivityTracked() | AttributesSet():
                uid = event.content.uid or CID_ALONE
                if uid in among:
                    origins[uid] = grown(origins.get(uid, Origin()), event, policies)
            case CustomerSeen() if event.uid is not None and event.uid in among:
                have = origins.get(event.uid, Origin())
                origins[event.uid] = have.link(event.links).identify(event.moment.occurred_at)
            case Merged() | VisitorBorn() if event.uid in among:
                origins.setdefault(event.uid, Origin())
    return Map(origins)


def _refusals(events: Iterable[AnyEvent], about: set[Uid | None]) -> Map[str, Refusal]:
    found: dict[str, Refusal] = {}
    for event in events:
        if isinstance(event, _REFUSALS) and _refused_under(event) in about:
            found |= {f"{r.code} {r.subject}": r for r in refusals_of(event)}
    return Map(found)


def _refused_under(event: AnyEvent) -> Uid | None:
    """Tell the origin a refusal speaks of: a refused merge or alias is the customer's own."""
    return event.uid if isinstance(event, AttributesRefused | LinkRefused) else None


def _is_under(event: AnyEvent, uid: Uid) -> bool:
    match event:
        case ActivityTracked() | AttributesSet():
            return event.content.uid == uid
        case VisitorBorn() | AttributesRefused() | LinkRefused():
            return event.uid == uid
        case _:
            return False


def _names(event: AnyEvent) -> bool:
    """Tell whether the call behind an event named the CID."""
    match event:
        case ActivityTracked() | AttributesSet():
            return event.content.asserts or event.content.uid is None
        case Merged():
            return event.rule in NAMED
        case AttributesRefused():
            return event.uid is None
        case _:
            return isinstance(event, CustomerBorn | CustomerSeen | MergeRefused | AliasRefused)


def _last_day(events: Sequence[AnyEvent]) -> int | None:
    """Give the last day of an identify: a call that named the CID and was no activity."""
    activities: Mapping[str, None] = {
        event.moment.message_id: None for event in events if isinstance(event, ActivityTracked)
    }
    identified = (AttributesSet, CustomerSeen, Merged, MergeRefused)
    return max(
        (
            day_of(event.moment.occurred_at)
            for event in events
            if isinstance(event, identified)
            and _names(event)
            and event.moment.message_id not in activities
        ),
        default=None,
    )
