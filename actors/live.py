"""The profiles a host keeps in memory, and how it finds the others (design D1).

`LiveProfiles` is the host's `domain.Archive`: it answers from memory where that is safe and
from the store where not. Profiles beyond its size are passivated, longest unchanged first; the
next call recovers them from snapshot and tail.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Generic, TypeVar
from uuid import UUID

from domain.draft import Draft
from domain.identifiers import Cid, Uid
from domain.journal import Journal
from domain.linking import LinkBook
from domain.profile import Profile
from store.archive import Store
from store.backend import Entry
from store.errors import StoreUnavailable

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """A mapping that forgets what was put longest ago.

    Every change of a profile puts it anew, so the ones that stay are those in use; to count
    reads as use as well would cost more than the few recoveries it saves.
    """

    def __init__(self, size: int) -> None:
        self._items: dict[K, V] = {}
        self._size = size
        self.get: Callable[[K], V | None] = self._items.get

    def __len__(self) -> int:
        return len(self._items)

    def put(self, key: K, value: V) -> None:
        """Keep a value, at the price of the one put longest ago."""
        self._items.pop(key, None)
        self._items[key] = value
        if len(self._items) > self._size:
            del self._items[next(iter(self._items))]

    def drop(self, key: K) -> None:
        """Forget a value."""
        self._items.pop(key, None)


class LiveProfiles:
    """Everything one host has in memory."""

    def __init__(self, store: Store, size: int, mint: Callable[[], UUID]) -> None:
        self._store = store
        self.mint = mint
        self._visitors: Recent[Uid, Profile] = Recent(size)
        self._customers: Recent[Cid, Profile] = Recent(size)
        self._journals: dict[str, Journal] = {}
        self._owners: Recent[Uid, Cid] = Recent(size * 4)
        self._books: Recent[str, tuple[int, LinkBook]] = Recent(size)
        self._read_at: dict[str, int] = {}
        self._entries: dict[tuple[str, str], Entry | None] = {}

    def __len__(self) -> int:
        return len(self._visitors) + len(self._customers)

    def look_ahead(self, uids: Iterable[Uid], cids: Iterable[Cid], links: Iterable[str]) -> None:
        """Ask the store once for all of a batch that memory does not answer."""
        self._start_anew()
        strangers = [u for u in uids if self._visitors.get(u) is None and not self._owners.get(u)]
        self._find("uid", strangers)
        self._find("cid", [cid for cid in cids if self._customers.get(cid) is None])
        self._recover_all()
        unread = [link for link in links if self._books.get(link) is None]
        for link, known in self._store.books(unread).items():
            self._books.put(link, known)

    def _recover_all(self) -> None:
        """Recover all that were just found, but visitors that have an owner, at once."""
        ids = [e.profile_id for e in self._entries.values() if e is not None and e.owner is None]
        for profile in self._store.profiles(ids) if ids else ():
            if profile.cid is not None:
                self._customers.put(profile.cid, profile)
            elif profile.uid is not None and profile.folded_into is None:
                self._visitors.put(profile.uid, profile)

    def drop_folded(self, uids: Iterable[Uid]) -> None:
        """Drop the visitors among them that other hosts have folded meanwhile.

        To write to one of them would lose the whole batch to a conflict.
        """
        held = [uid for uid in uids if self._visitors.get(uid) is not None]
        for uid, cid in self._store.owners(held).items():
            self._visitors.drop(Uid(uid))
            self._owners.put(Uid(uid), Cid(cid))

    def trust(self, uid: Uid, hint: str) -> None:
        """Take a gateway's word for an owner, if the customer in memory confirms it."""
        customer = self._customers.get(Cid(hint))
        if customer is not None and customer.owns(uid):
            self._owners.put(uid, Cid(hint))

    def owner(self, uid: Uid) -> Cid | None:
        """Tell the customer that a UID belongs to; see `domain.Archive`."""
        known = self._owners.get(uid)
        if known is not None:
            return known
        if self._visitors.get(uid) is not None:
            return None
        entry = self._entry("uid", uid)
        if entry is None or entry.owner is None:
            return None
        self._owners.put(uid, Cid(entry.owner))
        return Cid(entry.owner)

    def visitor(self, uid: Uid) -> Profile | None:
        """Give the profile of a UID; see `domain.Archive`."""
        profile = self._visitors.get(uid)
        if profile is None:
            entry = self._entry("uid", uid)
            if entry is None:
                return None
            profile = self._store.profile(entry.profile_id)
            if profile.folded_into is None:
                self._visitors.put(uid, profile)
        return profile

    def customer(self, cid: Cid) -> Profile | None:
        """Give a customer's profile; see `domain.Archive`."""
        profile = self._customers.get(cid)
        if profile is None:
            entry = self._entry("cid", cid)
            if entry is None:
                return None
            profile = self._store.profile(entry.profile_id)
            self._customers.put(cid, profile)
        return profile

    def journal(self, source: str) -> Journal | None:
        """Give a source's journal; see `domain.Archive`."""
        journal = self._journals.get(source)
        if journal is None:
            entry = self._entry("journal", source)
            if entry is not None:
                journal = self._store.journal(entry.profile_id, source)
                self._journals[source] = journal
        return journal

    def book(self, link: str) -> LinkBook:
        """Give what is known under a link key; see `domain.Archive`."""
        known = self._books.get(link)
        if known is None:
            known = self._store.books([link])[link]
            self._books.put(link, known)
        self._read_at.setdefault(link, known[0])
        return known[1]

    def book_versions(self, links: Iterable[str]) -> dict[str, int]:
        """Tell at which version each book was first read for this draft, in memory still or not."""
        return {link: self._read_at[link] for link in links}

    def settle(self, draft: Draft) -> None:
        """Take over what a draft changed, now that nobody can refuse it."""
        for uid, profile in draft.visitors.items():
            if profile.folded_into is None:
                self._visitors.put(uid, profile)
        for uid, cid in draft.owners.items():
            self._visitors.drop(uid)
            self._owners.put(uid, cid)
        for cid, profile in draft.customers.items():
            self._customers.put(cid, profile)
        self._journals.update(draft.journals)
        for link, book in draft.books.items():
            self._books.put(link, (self._read_at[link] + 1, book))
        self._start_anew()

    def forget(self, draft: Draft) -> None:
        """Drop all that a draft which was not stored was based on, and all that it made of it."""
        for uid in draft.visitors:
            self._visitors.drop(uid)
        for uid in draft.owners:
            self._owners.drop(uid)
        for cid in draft.customers:
            self._customers.drop(cid)
        for source in draft.journals:
            self._journals.pop(source, None)
        for link in draft.books:
            self._books.drop(link)
        self._start_anew()

    def recheck(self, draft: Draft) -> set[str]:
        """Drop what others have written meanwhile, of all that a refused draft was based on.

        Gives the UIDs and CIDs of what was dropped. The rest is still as the store has it: reading
        it again would cost more than the batch.
        """
        held = self._held(draft)
        try:
            stored = self._store.versions([profile.id for _, profile in held])
        except StoreUnavailable:
            self.forget(draft)
            raise
        stale = set()
        for drop, profile in held:
            if stored.get(profile.id, 0) != profile.version:
                drop()
                stale |= _names(profile)
        for link in draft.books:
            self._books.drop(link)
        self._start_anew()
        return stale

    def _held(self, draft: Draft) -> list[tuple[Callable[[], object], Profile | Journal]]:
        """List what memory holds of a draft's profiles, each with the way to drop it."""
        found: list[tuple[Callable[[], object], Profile | Journal | None]] = [
            *((partial(self._visitors.drop, u), self._visitors.get(u)) for u in draft.visitors),
            *((partial(self._customers.drop, c), self._customers.get(c)) for c in draft.customers),
            *((partial(self._journals.pop, s), self._journals.get(s)) for s in draft.journals),
        ]
        return [(drop, profile) for drop, profile in found if profile is not None]

    def refresh(self, kind: str, value: str) -> Profile | None:
        """Give a profile as the store has it now, whoever wrote it last."""
        self._entries.clear()
        profile = self.visitor(Uid(value)) if kind == "uid" else self.customer(Cid(value))
        if profile is None or self._store.version(profile.id) == profile.version:
            return profile
        self._visitors.drop(Uid(value)) if kind == "uid" else self._customers.drop(Cid(value))
        return self.visitor(Uid(value)) if kind == "uid" else self.customer(Cid(value))

    def _start_anew(self) -> None:
        """Forget what was looked up for one draft only."""
        self._entries.clear()
        self._read_at.clear()

    def _entry(self, kind: str, value: str) -> Entry | None:
        if (kind, value) not in self._entries:
            self._find(kind, [value])
        return self._entries[kind, value]

    def _find(self, kind: str, values: Sequence[str]) -> None:
        found = self._store.find(kind, values) if values else {}
        for value in values:
            self._entries[kind, value] = found.get(value)


def _names(profile: Profile | Journal) -> set[str]:
    """Give the id that calls name a profile by."""
    if isinstance(profile, Journal):
        return set()
    return {name for name in (profile.uid, profile.cid) if name is not None}
