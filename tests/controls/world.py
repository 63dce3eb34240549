"""A whole Onefold in memory: what a host does with the domain, without the host."""

from collections import Counter
from collections.abc import Iterable
from functools import reduce
from typing import NamedTuple

from immutables import Map

from domain import (
    Document,
    Draft,
    Journal,
    Outcome,
    Profile,
    Recorded,
    apply,
    document,
    evolve,
    initial,
    reject,
    resolve,
)
from domain.attributes import Policies
from domain.commands import AnyCommand, Reject
from domain.events import AnyEvent, CallRejected, Event
from domain.identifiers import Cid, LinkKey, ProfileId, Uid
from domain.linking import LinkBook
from domain.profile import DEFAULT_POLICIES

NOTHING_KNOWN = LinkBook()


class Who(NamedTuple):
    """One stream, named by the id that owns it."""

    kind: str
    value: str


def visitor(uid: str) -> Who:
    """Name the stream of a UID."""
    return Who("uid", uid)


def customer(cid: str) -> Who:
    """Name the stream of a CID."""
    return Who("cid", cid)


def source(name: str) -> Who:
    """Name the journal of a source."""
    return Who("source", name)


class Conflict(Exception):
    """Somebody else wrote first: nothing of the draft was committed (rule S3)."""


class Attempt(Draft):
    """A draft that remembers the link books as they were when it began."""

    def __init__(self, world: "World") -> None:
        super().__init__(world, world.policies)
        self.began_with = world.books

    def do(self, command: AnyCommand) -> Outcome:
        """Decide one command, the way a host does."""
        if isinstance(command, Reject):
            return reject(command, self, command.received_at)
        return apply(command, resolve(command, self), self, command.received_at)


class World:
    """All streams, and what is derived from them: the archive of every draft."""

    def __init__(self, policies: Policies = DEFAULT_POLICIES) -> None:
        self.policies = policies
        self.log: list[Recorded] = []
        self.tallies: Counter[str] = Counter()
        self.books: Map[LinkKey, LinkBook] = Map()
        self.owners: dict[Uid, Cid] = {}
        self.profiles: dict[Who, Profile] = {}
        self.journals: dict[str, Journal] = {}
        self._streams: dict[ProfileId, list[AnyEvent]] = {}
        self._minted = 0

    # What a draft may ask: `domain.Archive`.

    def owner(self, uid: Uid) -> Cid | None:
        return self.owners.get(uid)

    def visitor(self, uid: Uid) -> Profile | None:
        return self.profiles.get(visitor(uid))

    def customer(self, cid: Cid) -> Profile | None:
        return self.profiles.get(customer(cid))

    def journal(self, source: str) -> Journal | None:
        return self.journals.get(source)

    def book(self, link: LinkKey) -> LinkBook:
        return self.books.get(link, NOTHING_KNOWN)

    def mint(self) -> ProfileId:
        self._minted += 1
        return ProfileId(int=self._minted)

    # What a host does.

    def send(self, *commands: AnyCommand, batch: int = 1) -> list[Outcome]:
        """Take commands in order, `batch` of them to one transaction."""
        outcomes: list[Outcome] = []
        for start in range(0, len(commands), batch):
            attempt = self.attempt()
            answers = [attempt.do(command) for command in commands[start : start + batch]]
            attempt.duplicates = answers.count(Outcome.DUPLICATE)
            self.commit(attempt)
            outcomes += answers
        return outcomes

    def attempt(self) -> Attempt:
        """Begin a transaction."""
        return Attempt(self)

    def commit(self, attempt: Attempt) -> None:
        """Make a draft durable, or raise `Conflict` and leave everything as it was."""
        if not self._is_current(attempt):
            raise Conflict
        for recorded in attempt.recorded:
            self._streams.setdefault(recorded.profile_id, []).append(recorded.event)
        self.log += attempt.recorded
        self.tallies.update(attempt.tallies())
        self.owners |= attempt.owners
        self.books = self.books.update(attempt.books)
        self.journals |= attempt.journals
        self.profiles |= {visitor(uid): profile for uid, profile in attempt.visitors.items()}
        self.profiles |= {customer(cid): profile for cid, profile in attempt.customers.items()}

    def counted(self) -> dict[str, int]:
        """Give the deployment's counters that are not zero, those of its sources apart."""
        return {name: n for name, n in self.tallies.items() if n and ":" not in name}

    def _is_current(self, attempt: Attempt) -> bool:
        versions = {recorded.profile_id: 0 for recorded in attempt.recorded}
        versions |= {pid: len(self._streams.get(pid, ())) for pid in versions}
        for recorded in attempt.recorded:
            versions[recorded.profile_id] += 1
            if recorded.version != versions[recorded.profile_id]:
                return False
        return not self._taken(attempt.born) and all(
            self.books.get(link) is attempt.began_with.get(link) for link in attempt.books
        )

    def _taken(self, born: Iterable[Profile | Journal]) -> bool:
        return any(
            one.source in self.journals if isinstance(one, Journal) else _who(one) in self.profiles
            for one in born
        )

    # What a test asks.

    def profile(self, who: Who) -> Profile:
        """Give the live state of one stream."""
        return self.profiles[who]

    def events(self, who: Who) -> list[AnyEvent]:
        """Give one stream from its beginning; empty when there is none."""
        known = self.journals.get(who.value) if who.kind == "source" else self.profiles.get(who)
        return [] if known is None else list(self._streams[known.id])

    def history(self, who: Who) -> list[Event]:
        """Give the stream of a visitor or a customer."""
        return [event for event in self.events(who) if not isinstance(event, CallRejected)]

    def replayed(self, who: Who) -> Profile:
        """Build the state of one stream anew from its events."""
        begin = initial(self.profiles[who].id)
        return reduce(lambda p, e: evolve(p, e, self.policies), self.history(who), begin)

    def document_of_customer(self, cid: str) -> Document:
        """Show the customer of a CID."""
        return document(self.profiles[customer(cid)])

    def document_of_visitor(self, uid: str) -> Document:
        """Show whom a UID belongs to: its visitor, or the customer it is folded into."""
        owner = self.owners.get(Uid(uid))
        if owner is None:
            return document(self.profiles[visitor(uid)])
        return document(self.profiles[customer(owner)], Uid(uid))

    def people(self) -> dict[Who, Document]:
        """Show everybody there is, customers and unclaimed visitors, without versions."""
        shown = {}
        for who, profile in self.profiles.items():
            if profile.folded_into is None:
                shown[who] = document(profile)
                del shown[who]["version"]
        return shown


def _who(profile: Profile) -> Who:
    return customer(profile.cid) if profile.cid is not None else visitor(profile.uid or "")
