"""Finding a person in the store: now, as of an hour, as known at an hour."""

from uuid import UUID

from domain.as_of import person_as_of
from domain.draft import Recorded
from domain.identifiers import Uid
from domain.person import NOW, Person, Then, known_by, replayed
from domain.profile import Profile
from store.archive import Store


def find_profile(store: Store, kind: str, value: str) -> Profile | None:
    """Recover a profile by `customer` CID or `visitor` UID; a folded UID gives its customer."""
    profile_id, owner_id = _streams(store, kind, value)
    stream = owner_id or profile_id
    return None if stream is None else store.profile(stream)


def events_of(store: Store, profile: Profile) -> list[tuple[int, Recorded]]:
    """Read every event of a profile and of the visitors folded into it, by position."""
    return store.positioned([profile.id, *profile.visitors.values()])


def find_person(store: Store, kind: str, value: str, then: Then = NOW) -> Person | None:
    """Recover a person with all events; a UID gives its customer once it was folded.

    None when there was no such profile then.
    """
    profile_id, owner_id = _streams(store, kind, value)
    uid = Uid(value) if kind == "visitor" else None
    person = None if owner_id is None else _known(store, owner_id, then)
    if person is None or not person.profile.owns(uid):
        person = None if profile_id is None else _known(store, profile_id, then)
    if person is None or then.as_of is None:
        return person
    return person_as_of(person, uid, then.as_of, store.policies)


def folded_from(profile: Profile, kind: str, value: str) -> Uid | None:
    """Tell the UID by which a customer was asked for."""
    return Uid(value) if kind == "visitor" and profile.cid is not None else None


def _streams(store: Store, kind: str, value: str) -> tuple[UUID | None, UUID | None]:
    """Give the stream that an id owns, and for a folded UID its customer's."""
    entry = store.find("uid" if kind == "visitor" else "cid", [value]).get(value)
    if entry is None:
        return None, None
    owner = None if entry.owner is None else store.find("cid", [entry.owner]).get(entry.owner)
    return entry.profile_id, None if owner is None else owner.profile_id


def _known(store: Store, profile_id: UUID, then: Then) -> Person | None:
    moment = then.as_known_at
    if moment is None:
        profile = store.profile(profile_id)
        return Person(profile, events_of(store, profile))
    own = known_by(store.positioned([profile_id]), moment)
    then_known = replayed(profile_id, own, store.policies)
    if then_known is None:
        return None
    visitors = known_by(store.positioned(list(then_known.visitors.values())), moment)
    return Person(then_known, sorted([*own, *visitors], key=lambda event: event[0]))
