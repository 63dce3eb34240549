"""Profiles in and out of a backend: mapped, sealed, recovered, committed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import reduce
from uuid import UUID

import msgspec
import structlog

from domain.attributes import Policies
from domain.draft import Draft, Recorded
from domain.journal import Journal
from domain.linking import LinkBook
from domain.profile import Profile, evolve, initial
from store import snapshots
from store.backend import Backend, Entry, Lease, Snapshot, Write
from store.errors import Conflict, KeyMissing, Tampered
from store.keyring import Keyring, ProfileCipher
from store.mapper import ProfileMapper
from store.packing import packed, unpacked
from store.shapes import Row, journal_of, journal_row, profile_of, profile_row
from store.topics import Topics

CIPHERS = 100_000
"""Data keys kept open at a time."""

log = structlog.get_logger()


class Store:
    """One deployment's profiles. Not for use by two threads at a time."""

    def __init__(
        self,
        backend: Backend,
        keyring: Keyring,
        policies: Policies | None = None,
        topics: Topics | None = None,
    ) -> None:
        self.backend = backend
        self.policies = policies or Policies()
        self._keyring = keyring
        self._ciphers: dict[UUID, ProfileCipher] = {}
        self._mapper = ProfileMapper(self._cipher, topics or Topics())
        self._fingerprint = snapshots.fingerprint(self.policies)

    def find(self, kind: str, values: Sequence[str]) -> dict[str, Entry]:
        """Look up ids of a kind: `uid`, `cid` or `journal`."""
        return self.backend.find(kind, values)

    def version(self, profile_id: UUID) -> int:
        """Tell how many events a stream has."""
        return self.backend.version(profile_id)

    def profile(self, profile_id: UUID) -> Profile:
        """Recover a profile: its snapshot and what came after, or the whole stream."""
        row = self._snapshot(profile_id)
        start = initial(profile_id) if row is None else profile_of(profile_id, row)
        profile = start
        for recorded in self.history(profile_id, start.version):
            profile = evolve(profile, recorded.event, self.policies)  # type: ignore[arg-type]  # a profile's stream holds no rejections
        return profile

    def journal(self, journal_id: UUID, source: str) -> Journal:
        """Recover the journal of a source."""
        row = self._snapshot(journal_id)
        start = Journal(journal_id, source) if row is None else journal_of(journal_id, row)
        events = (recorded.event for recorded in self.history(journal_id, start.version))
        return reduce(Journal.evolve, events, start)  # type: ignore[arg-type]  # a journal's stream holds rejections only

    def history(self, profile_id: UUID, after: int = 0) -> list[Recorded]:
        """Read and open a stream's events behind a version."""
        stored = self.backend.stream(profile_id, after)
        return [self._mapper.to_domain_event(event) for event in stored]

    def positioned(self, profile_ids: Sequence[UUID]) -> list[tuple[int, Recorded]]:
        """Read and open whole streams, in the order they were written."""
        found = self.backend.positioned(profile_ids)
        return [(position, self._mapper.to_domain_event(event)) for position, event in found]

    def books(self, links: Sequence[str]) -> dict[str, tuple[int, LinkBook]]:
        """Read link books with the version to write them at; an unknown one is empty, at 0."""
        found = {
            link: (version, msgspec.convert(unpacked(book), LinkBook))
            for link, (version, book) in self.backend.books(links).items()
        }
        return {link: found.get(link, (0, LinkBook())) for link in links}

    def commit(self, lease: Lease, draft: Draft, book_versions: Mapping[str, int]) -> int:
        """Write a draft in one transaction and give the position of the log.

        Raises `Conflict`, `Fenced` or `StoreUnavailable`; nothing is stored then.
        """
        write = Write(lease, tallies=draft.tallies())
        for aggregate in draft.born:
            cipher, wrapped = self._keyring.new_key(aggregate.id)
            self._keep(aggregate.id, cipher)
            write.keys.append((aggregate.id, wrapped))
            write.born.append((*_name(aggregate), aggregate.id))
        write.events = list(map(self._mapper.to_stored_event, draft.recorded))
        write.owners = list(draft.owners.items())
        for link, book in draft.books.items():
            if link not in book_versions:
                raise Conflict(f"link book {link!r} was passivated before it was written")
            write.books.append((link, book_versions[link], packed(book)))
        write.snapshots = self._snapshots_due(draft)
        return self.backend.write(write)

    def _snapshots_due(self, draft: Draft) -> list[tuple[UUID, Snapshot]]:
        grown: list[Profile | Journal] = [
            aggregate
            for group in (draft.customers, draft.visitors, draft.journals)
            for aggregate in group.values()
            if aggregate.version >= snapshots.FIRST
        ]
        if not grown:
            return []
        added = Counter(recorded.profile_id for recorded in draft.recorded)
        return [
            (aggregate.id, self._sealed(aggregate))
            for aggregate in grown
            if snapshots.due(aggregate.version - added[aggregate.id], aggregate.version)
        ]

    def _sealed(self, aggregate: Profile | Journal) -> Snapshot:
        row = profile_row(aggregate) if isinstance(aggregate, Profile) else journal_row(aggregate)
        text = self._mapper.pack([self._fingerprint, row])
        cipher = self._cipher(aggregate.id)
        return Snapshot(aggregate.version, cipher.seal(aggregate.version, snapshots.TOPIC, text))

    def _snapshot(self, profile_id: UUID) -> Row | None:
        snapshot = self.backend.snapshot(profile_id)
        if snapshot is None:
            return None
        try:
            text = self._cipher(profile_id).open(snapshot.version, snapshots.TOPIC, snapshot.state)
        except Tampered:
            log.exception("snapshot was unreadable, the stream is replayed", profile=profile_id)
            return None
        made_under, row = self._mapper.unpack(text)
        return row if made_under == self._fingerprint else None

    def _cipher(self, profile_id: UUID) -> ProfileCipher:
        cipher = self._ciphers.get(profile_id)
        if cipher is None:
            wrapped = self.backend.key(profile_id)
            if wrapped is None:
                raise KeyMissing(profile_id)
            cipher = self._keyring.unwrap(profile_id, wrapped)
            self._keep(profile_id, cipher)
        return cipher

    def _keep(self, profile_id: UUID, cipher: ProfileCipher) -> None:
        self._ciphers[profile_id] = cipher
        if len(self._ciphers) > CIPHERS:
            del self._ciphers[next(iter(self._ciphers))]


def _name(aggregate: Profile | Journal) -> tuple[str, str]:
    """Tell under which kind and value a new stream stands in the directory."""
    if isinstance(aggregate, Journal):
        return "journal", aggregate.source
    return ("cid", aggregate.cid) if aggregate.cid is not None else ("uid", aggregate.uid or "")
