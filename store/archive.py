"""Profiles in and out of a backend: mapped, sealed, recovered, committed."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import reduce
from uuid import UUID

import msgspec
import structlog

from domain.attributes import Policies
from domain.draft import Draft, Recorded
from domain.events import AnyEvent
from domain.journal import Journal
from domain.linking import LinkBook
from domain.profile import Profile, evolve, initial
from store import snapshots
from store.backend import Backend, Entry, Lease, LogRow, Place, Snapshot, Write
from store.errors import Conflict, KeyMissing, StoreUnavailable, Tampered
from store.keyring import Keyring, ProfileCipher
from store.log import LogPage, Unopened
from store.mapper import ProfileMapper
from store.packing import packed, unpacked
from store.shapes import Row, journal_of, journal_row, profile_of, profile_row
from store.topics import Topics

CIPHERS = 100_000
"""Data keys kept open at a time."""

Choice = Callable[[list[int]], list[int]]
"""Picks some of the positions it is given."""

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

    def owners(self, uids: Sequence[str]) -> dict[str, str]:
        """Give the CIDs of those UIDs that are folded."""
        return self.backend.owners(uids)

    def version(self, profile_id: UUID) -> int:
        """Tell how many events a stream has."""
        return self.backend.version(profile_id)

    def versions(self, profile_ids: Sequence[UUID]) -> dict[UUID, int]:
        """Tell how many events each of many streams has."""
        return self.backend.versions(profile_ids)

    def profile(self, profile_id: UUID, upto: int | None = None) -> Profile:
        """Recover a profile: its snapshot and what came after, or the whole stream.

        With `upto` it is given as it stood at that version.
        """
        start = self._start(profile_id, self.backend.snapshot(profile_id), upto)
        return self._replayed(start, self.history(profile_id, start.version, upto))

    def profiles(self, profile_ids: Sequence[UUID]) -> list[Profile]:
        """Recover many profiles with three questions to the database.

        One that cannot be read is left out: who asks for it alone is told why.
        """
        self._unwrap_all(profile_ids)
        taken = self.backend.snapshots(profile_ids)
        starts = [self._start(of, taken.get(of)) for of in profile_ids if of in self._ciphers]
        tails = self.backend.streams({start.id: start.version for start in starts})
        recovered = []
        for start in starts:
            with suppress(Exception):
                tail = map(self._mapper.to_domain_event, tails.get(start.id, ()))
                recovered.append(self._replayed(start, tail))
        return recovered

    def _start(
        self, profile_id: UUID, snapshot: Snapshot | None, upto: int | None = None
    ) -> Profile:
        row = self._opened(profile_id, snapshot, upto)
        return initial(profile_id) if row is None else profile_of(profile_id, row)

    def _replayed(self, profile: Profile, tail: Iterable[Recorded]) -> Profile:
        for recorded in tail:
            profile = evolve(profile, recorded.event, self.policies)  # type: ignore[arg-type]  # a profile's stream holds no rejections
        return profile

    def journal(self, journal_id: UUID, source: str) -> Journal:
        """Recover the journal of a source."""
        row = self._opened(journal_id, self.backend.snapshot(journal_id))
        start = Journal(journal_id, source) if row is None else journal_of(journal_id, row)
        events = (recorded.event for recorded in self.history(journal_id, start.version))
        return reduce(Journal.evolve, events, start)  # type: ignore[arg-type]  # a journal's stream holds rejections only

    def history(self, profile_id: UUID, after: int = 0, upto: int | None = None) -> list[Recorded]:
        """Read and open a stream's events behind a version, up to another."""
        stored = self.backend.stream(profile_id, after, upto)
        return [self._mapper.to_domain_event(event) for event in stored]

    def positioned(
        self, profile_ids: Sequence[UUID], choose: Choice | None = None
    ) -> list[tuple[int, Recorded]]:
        """Read whole streams, in the order they were written, and open them.

        With `choose` only those are opened whose positions it picks.
        """
        found = self.backend.positioned(profile_ids)
        if choose is not None:
            chosen = frozenset(choose([position for position, _ in found]))
            found = [event for event in found if event[0] in chosen]
        self._unwrap_all({event.originator_id for _, event in found})  # type: ignore[misc]  # ours are UUIDs
        return [(position, self._mapper.to_domain_event(event)) for position, event in found]

    def page(self, after: int, limit: int) -> LogPage:
        """Read and open the log behind a position; what cannot be opened is named."""
        return self._page(self.backend.page(after, limit))

    def slice(self, after: Place, end: UUID | None, upto: int, limit: int) -> LogPage:
        """Read and open streams by id; see `Backend.slice`.

        Whole ones: a stream is cut only when it is longer than the page.
        """
        rows = self.backend.slice(after, end, upto, limit)
        if len(rows) == limit and rows[0][1] != rows[-1][1]:
            cut = rows[-1][1]
            rows = [row for row in rows if row[1] != cut]
        return self._page(rows)

    def topic(self, event: AnyEvent) -> str:
        """Name an event as the log does."""
        return self._mapper.topic(event)

    def books(self, links: Sequence[str]) -> dict[str, tuple[int, LinkBook]]:
        """Read link books with the version to write them at; an unknown one is empty, at 0."""
        found = {
            link: (version, msgspec.convert(unpacked(book), LinkBook))
            for link, (version, book) in self.backend.books(links).items()
        }
        return {link: found.get(link, (0, LinkBook())) for link in links}

    def commit(
        self,
        lease: Lease,
        draft: Draft,
        book_versions: Mapping[str, int],
        accepted: Callable[[], object] = lambda: None,
    ) -> int:
        """Write a draft in one transaction and give the position of the log.

        Raises `Conflict`, `Fenced` or `StoreUnavailable`; nothing is stored then. For `accepted`
        see `Write`.
        """
        write = Write(lease, tallies=draft.tallies(), accepted=accepted)
        for aggregate in draft.born:
            cipher, wrapped = self._keyring.new_key(aggregate.id)
            self._keep(aggregate.id, cipher)
            write.keys.append((aggregate.id, wrapped))
            write.born.append((*_name(aggregate), aggregate.id))
        write.events = list(map(self._mapper.sealed, draft.recorded))
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

    def _page(self, rows: Sequence[LogRow]) -> LogPage:
        ids = {stream: UUID(bytes=stream) for stream in {row[1] for row in rows}}
        self._unwrap_all(ids.values())
        ciphers = {stream: self._ciphers.get(profile_id) for stream, profile_id in ids.items()}
        opened = self._mapper.opened_with
        events, unopened = [], []
        for position, stream, version, topic, state in rows:
            try:
                cipher = ciphers[stream] or self._cipher(ids[stream])
                events.append((position, opened(cipher, version, topic, state)))
            except StoreUnavailable:
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, it is kept with the event
                unopened.append(Unopened(position, ids[stream], version, topic, error))
        last = (rows[-1][0], ids[rows[-1][1]], rows[-1][2]) if rows else None
        return LogPage(events, unopened, last)

    def _unwrap_all(self, profile_ids: Iterable[UUID]) -> None:
        """Open the data keys of many streams at once; those that fail are met again later."""
        missing = [profile_id for profile_id in profile_ids if profile_id not in self._ciphers]
        for profile_id, wrapped in self.backend.keys(missing).items():
            with suppress(Tampered):
                self._keep(profile_id, self._keyring.unwrap(profile_id, wrapped))

    def _opened(
        self, profile_id: UUID, snapshot: Snapshot | None, upto: int | None = None
    ) -> Row | None:
        if snapshot is None or (upto is not None and snapshot.version > upto):
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
