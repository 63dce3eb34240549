"""Facts for examples of how a profile evolves, and predicates of facts."""

from collections.abc import Callable

from domain.commands import EMPTY
from domain.events import (
    ActivityTracked,
    AnyEvent,
    AttributesSet,
    Content,
    Contribution,
    CustomerBorn,
    Folded,
    Merged,
    Moment,
    VisitorBorn,
)
from domain.identifiers import Cid, LinkKey, ProfileId, Uid
from domain.instants import Instant
from domain.merging import SAME_CALL
from domain.origin import Origin
from tests.controls.calls import Values, message_id, raw
from tests.controls.times import day


def moment(at: Instant | None = None, name: str | None = None) -> Moment:
    """Give the call behind a fact."""
    occurred_at = day(1) if at is None else at
    return Moment(name or message_id(), occurred_at, occurred_at, "web")


def content(
    uid: str | None = None,
    values: Values | None = None,
    *,
    asserts: bool = False,
    links: tuple[LinkKey, ...] = (),
) -> Content:
    """Give what a call brought under one origin."""
    origin = None if uid is None else Uid(uid)
    return Content(origin, asserts, links, EMPTY, day(1), None, None, raw(values))


def visitor_born(uid: str, at: Instant | None = None) -> VisitorBorn:
    """A UID made contact for the first time."""
    return VisitorBorn(moment(at), uid=Uid(uid))


def customer_born(cid: str, at: Instant | None = None) -> CustomerBorn:
    """The business named a person for the first time."""
    return CustomerBorn(moment(at), cid=Cid(cid))


def tracked(uid: str | None, name: str = "Clicked", at: Instant | None = None) -> ActivityTracked:
    """Somebody did something."""
    return ActivityTracked(moment(at), content(uid), name, EMPTY)


def attributes_set(
    uid: str | None, values: Values, at: Instant | None = None, name: str | None = None
) -> AttributesSet:
    """Something became known of somebody."""
    return AttributesSet(moment(at, name), content(uid, values))


def merged(uid: str, origin: Origin, at: Instant | None = None) -> Merged:
    """A visitor was folded, with all it brought."""
    return Merged(
        moment(at),
        uid=Uid(uid),
        visitor_id=ProfileId(int=99),
        visitor_version=2,
        contribution=Contribution(origin, ()),
        rule=SAME_CALL,
    )


def merge_of(uid: str, rule: str = SAME_CALL) -> Callable[[AnyEvent], bool]:
    """Say that a UID was folded, and by which rule."""
    return lambda event: isinstance(event, Merged) and (event.uid, event.rule) == (uid, rule)


def folded_by(rule: str) -> Callable[[AnyEvent], bool]:
    """Say that a visitor's stream was closed, and by which rule."""
    return lambda event: isinstance(event, Folded) and event.rule == rule
