"""A draft: what a batch of commands would change, before any of it is durable.

The identity rules read and write profiles through a draft only. What it does not hold it asks
of the `Archive`; what it records is written in one transaction, or not at all.
"""

from collections import Counter
from typing import Protocol

import msgspec

from domain.attributes import Policies
from domain.events import (
    ActivityTracked,
    AliasRefused,
    AnyEvent,
    AttributesRefused,
    CallRejected,
    CustomerBorn,
    Event,
    Folded,
    LinkRefused,
    Merged,
    MergeRefused,
    Moment,
    VisitorBorn,
)
from domain.identifiers import Cid, LinkKey, ProfileId, Uid
from domain.journal import Journal
from domain.linking import LinkBook
from domain.profile import Profile, evolve, initial

TALLIES: dict[type, tuple[tuple[str, int], ...]] = {
    ActivityTracked: (("activities", 1),),
    VisitorBorn: (("visitors", 1),),
    Folded: (("visitors", -1),),
    CustomerBorn: (("customers", 1),),
    Merged: (("folds", 1),),
    MergeRefused: (("refusals", 1),),
    AliasRefused: (("refusals", 1),),
    AttributesRefused: (("refusals", 1),),
    LinkRefused: (("refusals", 1),),
    CallRejected: (("rejections", 1),),
}
"""What each event adds to the deployment's counters."""

RECEIVED, REJECTED = "received:", "rejected:"
"""Before a source's name: the counters of its calls that are in the log, and of those of them
that were not taken. A call that told nothing new is in no counter."""


class Archive(Protocol):
    """What is durable already, as far as a draft may ask.

    Answers are consistent with each other up to a race, and the write finds out: every profile
    and every book is written with the version that was read here.
    """

    def owner(self, uid: Uid) -> Cid | None:
        """Tell the customer that a UID belongs to; None when it is unclaimed or unknown."""

    def visitor(self, uid: Uid) -> Profile | None:
        """Give the profile of a UID, unclaimed or folded; None when never seen."""

    def customer(self, cid: Cid) -> Profile | None:
        """Give the customer's profile; None when never named."""

    def journal(self, source: str) -> Journal | None:
        """Give the journal of a source; None when nothing was ever rejected there."""

    def book(self, link: LinkKey) -> LinkBook:
        """Give what is known under a link key; an empty book when nothing is."""

    def mint(self) -> ProfileId:
        """Make a new stream id, never used before."""


class Recorded(msgspec.Struct, frozen=True, gc=False):
    """An event and its place: stream and version (the first event of a stream is 1)."""

    profile_id: ProfileId
    version: int
    event: AnyEvent


class Draft:
    """The working set of one transaction."""

    def __init__(self, archive: Archive, policies: Policies) -> None:
        self.policies = policies
        self.visitors: dict[Uid, Profile] = {}
        self.customers: dict[Cid, Profile] = {}
        self.journals: dict[str, Journal] = {}
        self.owners: dict[Uid, Cid] = {}
        self.books: dict[LinkKey, LinkBook] = {}
        self.recorded: list[Recorded] = []
        self.born: list[Profile | Journal] = []
        self.duplicates = 0
        self._archive = archive

    def whose(self, uid: Uid) -> tuple[Cid | None, Profile | None]:
        """Tell the customer that a UID belongs to, or give its unclaimed visitor.

        Both None: the UID was never seen.
        """
        visitor = self.visitors.get(uid)
        if visitor is None:
            owner = self._archive.owner(uid)
            if owner is not None:
                return owner, None
            visitor = self._archive.visitor(uid)
        if visitor is not None and visitor.folded_into is not None:
            # Folded in this draft, or by another host between two reads of the archive.
            return visitor.folded_into, None
        return None, visitor

    def customer(self, cid: Cid) -> Profile | None:
        """Give a customer as this draft leaves it."""
        return self.customers.get(cid) or self._archive.customer(cid)

    def book(self, link: LinkKey) -> LinkBook:
        """Give a link book as this draft leaves it."""
        book = self.books.get(link)
        return self._archive.book(link) if book is None else book

    def keep(self, link: LinkKey, book: LinkBook) -> None:
        """Note a book that may have changed."""
        if book is not self.book(link):
            self.books[link] = book

    def tallies(self) -> dict[str, int]:
        """Count what this draft adds to the deployment's counters."""
        tallies = Counter(duplicates=self.duplicates)
        tallies.update(self._calls())
        for kind, count in Counter(type(recorded.event) for recorded in self.recorded).items():
            for name, delta in TALLIES.get(kind, ()):
                tallies[name] += count * delta
        return dict(tallies)

    def _calls(self) -> Counter[str]:
        """Count the calls that left something in the log; one call is one moment."""
        names: list[str] = []
        last: Moment | None = None
        for recorded in self.recorded:
            moment = recorded.event.moment
            if moment is not last:
                last = moment
                names.append(RECEIVED + moment.source)
                if type(recorded.event) is CallRejected:
                    names.append(REJECTED + moment.source)
        return Counter(names)

    def bear(self, event: VisitorBorn | CustomerBorn) -> Profile:
        """Start a stream."""
        profile = self.record(initial(self._archive.mint()), event)
        self.born.append(profile)
        return profile

    def record(self, profile: Profile, event: Event) -> Profile:
        """Add an event to a stream and give the profile it makes."""
        profile = evolve(profile, event, self.policies)
        self._note(profile, event)
        if profile.cid is not None:
            self.customers[profile.cid] = profile
        elif profile.uid is not None:
            self.visitors[profile.uid] = profile
        return profile

    def reject(self, event: CallRejected) -> bool:
        """Add a rejection to its source's journal; False when it is there already."""
        journal = self.journals.get(event.moment.source) or self._archive.journal(
            event.moment.source
        )
        if journal is None:
            journal = Journal(self._archive.mint(), event.moment.source)
            self.born.append(journal)
        if event.moment.message_id in journal.seen:
            return False
        journal = journal.evolve(event)
        self.journals[event.moment.source] = journal
        self._note(journal, event)
        return True

    def _note(self, aggregate: Profile | Journal, event: AnyEvent) -> None:
        self.recorded.append(Recorded(aggregate.id, aggregate.version, event))
