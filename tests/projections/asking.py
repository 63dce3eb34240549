"""Some people to ask about, and the views of them as a question sees them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec

from domain.instants import Instant
from projections.queries.filters import EVERYTHING, read_filter
from projections.queries.search import Search, find
from store.views.errors import ViewsBehind
from tests.controls.calls import identify, page, track
from tests.controls.times import day
from tests.controls.world import World
from tests.projections.views import Views

NOW: Instant = day(10)


class Asked:
    """A moment of the views of a test."""

    def __init__(self, views: Views, position: int = 0) -> None:
        self.connection = views.connection
        self._views = views
        self._position = position

    def prefix(self, view: str) -> str:
        """See `Snapshot.prefix`."""
        return self._views.prefix(view)

    def position(self, view: str) -> int:  # noqa: ARG002 - all are at the same
        """See `Snapshot.position`."""
        return self._position


class MemoryViews:
    """Reads the views of a test, which never get further than they are."""

    def __init__(self, moment: Asked) -> None:
        self._moment = moment
        self.names: list[tuple[str, ...]] = []

    @contextmanager
    def reading(self, *names: str) -> Iterator[Asked]:
        """See `Views.reading`."""
        self.names.append(names)
        yield self._moment

    async def wait(self, position: int, names: Sequence[str], timeout: float) -> None:  # noqa: ASYNC109, ARG002 - as `Views.wait`
        """See `Views.wait`."""
        present = self._moment.position(names[0])
        if present < position:
            raise ViewsBehind(names[0], expected=position, position=present)


def people() -> World:
    """Ana and Ben are customers, u3 and u4 visitors; u4 never did anything."""
    world = World()
    world.send(page(uid="u1", at=day(1)), track("Bought", uid="u1", at=day(9)))
    world.send(
        identify("u1", "ana", attributes={"plan": "pro", "age": 30, "tags": ["x", "y"]}, at=day(2))
    )
    world.send(track("Bought", uid="u1", at=day(10)), track("Bought", cid="ana", at=day(8)))
    world.send(page(uid="u2", at=day(5)))
    world.send(identify("u2", "ben", attributes={"plan": "free", "age": 41.5, "vip": True}))
    world.send(page(uid="u3", at=day(7)), identify("u3", attributes={"plan": "private"}))
    world.send(identify("u4", attributes={"city": "Köln", "home": {"zip": 1}, "none": []}))
    return world


def found(moment: Asked, told: dict[str, Any] | None = None, **more: Any) -> list[str]:
    """Give who is found: CIDs, and UIDs of visitors."""
    tree = EVERYTHING if told is None else read_filter(told)
    page_found = find(moment, Search(tree, **more), NOW)
    documents = [msgspec.json.decode(each) for each in page_found.profiles]
    return [each.get("cid") or each["uid"] for each in documents]


def attribute(name: str, op: str, *value: Any) -> dict[str, Any]:
    """Write a condition on an attribute."""
    return {"attribute": name, "op": op, **({"value": value[0]} if value else {})}


def column(name: str, op: str, *value: Any) -> dict[str, Any]:
    """Write a condition on a column."""
    return {"column": name, "op": op, **({"value": value[0]} if value else {})}
