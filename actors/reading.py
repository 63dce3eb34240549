"""What is read straight from the store: timelines, histories, counters (design D12)."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from actors.errors import BadCursor, Unavailable
from domain.draft import Recorded
from domain.errors import BadTimestamp
from domain.instants import parse_instant
from domain.profile import Profile
from domain.timeline import Place, timeline
from store.archive import Store
from store.errors import StoreUnavailable

COUNTERS = ("activities", "visitors", "customers", "folds", "refusals", "rejections", "duplicates")

LONGEST = 20
"""Characters of an instant, its sign included."""

T = TypeVar("T")


class Reading:
    """Reads on a thread of its own, so that a long one keeps nobody waiting."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reading")

    async def stats(self) -> dict[str, int]:
        """Give every counter, and `position`."""
        return await self._run(lambda: stats(self._store))

    async def timeline(
        self, kind: str, value: str, limit: int, before: str | None
    ) -> dict[str, Any] | None:
        """Give `{"activities": [...], "next": cursor or null}`; None for an unknown profile.

        `before` is a moment or the `next` of an earlier page; raises `BadCursor` otherwise.
        """
        place = None if before is None else read_cursor(before)
        return await self._run(lambda: self._page(kind, value, limit, place))

    def _page(
        self, kind: str, value: str, limit: int, before: Place | None
    ) -> dict[str, Any] | None:
        profile = find_profile(self._store, kind, value)
        if profile is None:
            return None
        activities, rest = timeline(events_of(self._store, profile), limit, before)
        return {"activities": activities, "next": None if rest is None else cursor(rest)}

    async def _run(self, read: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, read)
        except StoreUnavailable as error:
            raise Unavailable(2, str(error)) from error


def stats(store: Store) -> dict[str, int]:
    """Give every counter of a deployment, and the position of its log."""
    tallies = store.backend.tallies()
    return {name: tallies.get(name, 0) for name in COUNTERS} | {
        "position": store.backend.position()
    }


def find_profile(store: Store, kind: str, value: str) -> Profile | None:
    """Recover a profile by `customer` CID or `visitor` UID; a folded UID gives its customer."""
    if kind == "visitor":
        entry = store.find("uid", [value]).get(value)
        if entry is None or entry.owner is None:
            return None if entry is None else store.profile(entry.profile_id)
        value = entry.owner
    entry = store.find("cid", [value]).get(value)
    return None if entry is None else store.profile(entry.profile_id)


def events_of(store: Store, profile: Profile) -> list[tuple[int, Recorded]]:
    """Read every event of a profile and of the visitors folded into it, by position."""
    return store.positioned([profile.id, *profile.visitors.values()])


def cursor(place: Place) -> str:
    """Write a place as the `next` of a page."""
    occurred_at, message_id = place
    return f"{occurred_at}.{message_id}"


def read_cursor(text: str) -> Place:
    """Read the `next` of a page, or a moment."""
    occurred_at, dot, message_id = text.partition(".")
    if dot and len(occurred_at) <= LONGEST and occurred_at.removeprefix("-").isdecimal():
        return int(occurred_at), message_id
    try:
        return parse_instant(text), ""
    except BadTimestamp:
        raise BadCursor(text) from None
