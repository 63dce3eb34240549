"""What a world's log says of the past, and what calls that log tells of."""

from collections.abc import Iterable, Sequence

from domain.as_of import person_as_of
from domain.attributes import Policies
from domain.commands import Alias, Call
from domain.document import Document, document
from domain.events import (
    ActivityTracked,
    AnyEvent,
    AttributesSet,
    CustomerSeen,
    Merged,
    VisitorBorn,
)
from domain.fold_times import NAMED
from domain.identifiers import Uid
from domain.instants import Instant
from domain.person import Person, Positioned
from domain.profile import Profile
from tests.controls.world import Who, World, customer


def events_of(world: World, profile: Profile) -> list[Positioned]:
    """Give every event of a profile and of the visitors folded into it."""
    streams = {profile.id, *profile.visitors.values()}
    return [
        (position, recorded)
        for position, recorded in enumerate(world.log, start=1)
        if recorded.profile_id in streams
    ]


def then(world: World, who: Who, moment: Instant) -> Profile | None:
    """Give somebody's profile as of a moment; see `person_then`."""
    person = person_then(world, who, moment)
    return None if person is None else person.profile


def person_then(world: World, who: Who, moment: Instant) -> Person | None:
    """Give somebody as of a moment: by a UID, the customer once it was folded."""
    profile = world.profiles.get(who)
    if profile is None:
        return None
    known = profile if profile.folded_into is None else world.profiles[_owner(profile)]
    person = Person(known, events_of(world, known))
    uid = Uid(who.value) if who.kind == "uid" else None
    return person_as_of(person, uid, moment, world.policies)


def _owner(visitor: Profile) -> Who:
    assert visitor.folded_into is not None
    return customer(visitor.folded_into)


def people_then(world: World, moment: Instant) -> dict[Who, Document]:
    """Show everybody as of a moment, customers and unclaimed visitors, without versions."""
    shown = {}
    for who in world.profiles:
        profile = then(world, who, moment)
        if profile is not None and (profile.cid is None or who.kind == "cid"):
            shown[who] = document(profile)
            del shown[who]["version"]
    return shown


def told(world: World, calls: Iterable[Call]) -> list[Call]:
    """Leave out the calls of which no event tells whom, or by which link key, they tie (M8)."""
    evidence = {fact for recorded in world.log for fact in _evidence(recorded.event)}
    return [call for call in calls if _says(call) <= evidence]


def all_told(arrived: Sequence[Call], policies: Policies) -> list[Call]:
    """Leave out calls until the log of those that remain tells of each of them."""
    calls = list(arrived)
    while True:
        world = World(policies)
        world.send(*calls)
        remaining = told(world, calls)
        if remaining == calls:
            return calls
        calls = remaining


Said = tuple[str, str | None, str]
"""A message id, an origin it speaks of, and a link key (empty: the origin itself)."""


def _evidence(event: AnyEvent) -> set[Said]:
    match event:
        case ActivityTracked() | AttributesSet():
            return _said(event.moment.message_id, event.content.uid, event.content.links)
        case CustomerSeen():
            return _said(event.moment.message_id, event.uid, event.links)
        case VisitorBorn():
            return _said(event.moment.message_id, event.uid, ())
        case Merged() if event.rule in NAMED:
            return _said(event.moment.message_id, event.uid, ())
        case _:
            return set()


def _says(call: Call) -> set[Said]:
    origins: set[str | None] = {call.uid}
    if isinstance(call, Alias):
        origins = {uid for uid in (call.uid, call.previous_id) if uid is not None}
        origins -= {call.cid} - {call.uid}
    return set().union(*(_said(call.message_id, uid, call.links) for uid in origins))


def _said(message_id: str, origin: str | None, links: Iterable[str]) -> set[Said]:
    # A link key beside the CID alone ties nobody.
    tied = links if origin is not None else ()
    return {(message_id, origin, link) for link in ("", *tied)}
