"""What is read straight from the store: the past, timelines, histories, counters (design D12)."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import msgspec

from actors.errors import BadCursor, Unavailable
from actors.people import find_person, find_profile, folded_from
from domain.document import Document, document
from domain.errors import BadTimestamp
from domain.explain import explain
from domain.history import Stretch, told
from domain.identities import identities
from domain.instants import parse_instant, rfc3339
from domain.person import NOW, Person, Then
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

    async def profile(self, kind: str, value: str, then: Then) -> Document | None:
        """Give a profile of the past with the moments that were asked for; None: unknown then."""

        def shown(person: Person) -> Document:
            asked = msgspec.structs.asdict(then)
            moments = {name: rfc3339(at) for name, at in asked.items() if at is not None}
            return document(person.profile, folded_from(person.profile, kind, value)) | moments

        return await self._of(kind, value, then, shown)

    async def timeline(
        self, kind: str, value: str, limit: int, before: str | None, then: Then = NOW
    ) -> dict[str, Any] | None:
        """Give `{"activities": [...], "next": cursor or null}`; None for an unknown profile.

        `before` is a moment or the `next` of an earlier page; raises `BadCursor` otherwise.
        """
        place = None if before is None else read_cursor(before)

        def page(person: Person) -> dict[str, Any]:
            activities, rest = timeline(person, limit, place)
            return {"activities": activities, "next": None if rest is None else cursor(rest)}

        return await self._of(kind, value, then, page)

    async def history(self, kind: str, value: str, stretch: Stretch) -> dict[str, Any] | None:
        """Give `{"events": [...], "next": position or null}`; None for an unknown profile."""

        def page() -> dict[str, Any] | None:
            profile = find_profile(self._store, kind, value)
            return None if profile is None else history_page(self._store, profile, stretch)

        return await self._run(page)

    async def explain(
        self, kind: str, value: str, attribute: str, then: Then
    ) -> dict[str, Any] | None:
        """Explain an attribute; see `domain.explain`. Raises `UnknownAttribute`."""
        policies = self._store.policies
        return await self._of(kind, value, then, lambda p: explain(p, attribute, policies))

    async def identities(self, kind: str, value: str, then: Then) -> dict[str, Any] | None:
        """Tell why these UIDs are one person; see `domain.identities`."""
        return await self._of(kind, value, then, identities)

    async def _of(self, kind: str, value: str, then: Then, tell: Callable[[Person], T]) -> T | None:
        def told() -> T | None:
            person = find_person(self._store, kind, value, then)
            return None if person is None else tell(person)

        return await self._run(told)

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


def history_page(store: Store, profile: Profile, stretch: Stretch) -> dict[str, Any]:
    """Give a stretch of a profile's events; only those are opened."""
    chosen: list[int] = []

    def choose(positions: list[int]) -> list[int]:
        chosen.extend(stretch.of(positions))
        return chosen[: stretch.limit]

    events = store.positioned([profile.id, *profile.visitors.values()], choose)
    page = events[::-1] if stretch.newest_first else events
    rest = page[-1][0] if len(chosen) > stretch.limit else None
    return {"events": told(profile, page), "next": rest}


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
