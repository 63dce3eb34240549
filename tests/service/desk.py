"""A desk for tests: remembers what was submitted, and answers what it was told to."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec

from domain.commands import AnyCommand
from domain.document import Document
from domain.history import Stretch
from domain.instants import Instant, parse_instant
from domain.person import NOW, Then
from service.app import build_app
from service.config import Config
from service.credentials import Credentials
from service.desk import Kind
from store.views.reader import Views

RECEIVED: Instant = parse_instant("2026-11-23T10:00:00Z")
WRITE_KEY, API_TOKEN = "wk_test", "at_test"
READER = {"Authorization": f"Bearer {API_TOKEN}"}
SENDER = (WRITE_KEY, "")

CREDENTIALS = (
    Credentials({}, frozenset()).with_write_key(WRITE_KEY, "web").with_api_token(API_TOKEN)
)


class Stored(msgspec.Struct):
    """The answer to a request whose calls are durable."""

    position: int
    duplicates: int
    rejected: list[int] = []


class MemoryDesk:
    """Counts positions and knows a call again by its message id, as the hosts do."""

    def __init__(self) -> None:
        self.commands: list[AnyCommand] = []
        self.profiles: dict[tuple[Kind, str], Document] = {}
        self.timelines: dict[tuple[Kind, str], dict[str, Any]] = {}
        self.histories: dict[tuple[str, Kind, str], dict[str, Any]] = {}
        self.asked: list[tuple[object, ...]] = []
        self.trouble: Exception | None = None
        self.is_ready = True
        self.undecidable: list[int] = []

    async def submit(self, commands: Sequence[AnyCommand], /) -> Stored:
        """Take commands, unless there is trouble."""
        self._check()
        known = {command.message_id for command in self.commands}
        new = [command for command in commands if command.message_id not in known]
        self.commands += new
        return Stored(len(self.commands), len(commands) - len(new), self.undecidable)

    async def customer(self, cid: str, /) -> Document | None:
        """Give what a test put there."""
        return self._profile("customer", cid)

    async def visitor(self, uid: str, /) -> Document | None:
        """Give what a test put there."""
        return self._profile("visitor", uid)

    async def timeline(
        self, kind: Kind, value: str, limit: int, before: str | None, then: Then, /
    ) -> dict[str, Any] | None:
        """Give what a test put there, and note what was asked."""
        self._check()
        self.asked.append((kind, value, limit, before, *self._unless_now(then)))
        return self.timelines.get((kind, value))

    async def past(self, kind: Kind, value: str, then: Then, /) -> Document | None:
        """Give what a test put there, and note what was asked."""
        return self._told("past", kind, value, then)

    async def history(self, kind: Kind, value: str, stretch: Stretch, /) -> dict[str, Any] | None:
        """Give what a test put there, and note what was asked."""
        return self._told("history", kind, value, stretch)

    async def explain(
        self, kind: Kind, value: str, attribute: str, then: Then, /
    ) -> dict[str, Any] | None:
        """Give what a test put there, and note what was asked."""
        return self._told("explain", kind, value, attribute, *self._unless_now(then))

    async def identities(self, kind: Kind, value: str, then: Then, /) -> dict[str, Any] | None:
        """Give what a test put there, and note what was asked."""
        return self._told("identities", kind, value, *self._unless_now(then))

    async def stats(self) -> dict[str, int]:
        """Count."""
        self._check()
        return {"position": len(self.commands)}

    async def ready(self) -> bool:
        """Tell what a test set."""
        self._check()
        return self.is_ready

    def _told(self, what: str, kind: Kind, value: str, *further: object) -> dict[str, Any] | None:
        self._check()
        self.asked.append((what, kind, value, *further))
        return self.histories.get((what, kind, value))

    def _unless_now(self, then: Then) -> list[Then]:
        return [] if then == NOW else [then]

    def _profile(self, kind: Kind, value: str) -> Document | None:
        self._check()
        self.asked.append((kind, value))
        return self.profiles.get((kind, value))

    def _check(self) -> None:
        if self.trouble is not None:
            raise self.trouble


@asynccontextmanager
async def client_of(
    desk: MemoryDesk,
    config: Config | None = None,
    credentials: Credentials = CREDENTIALS,
    views: Views | None = None,
) -> AsyncIterator[httpx.AsyncClient]:
    """Talk HTTP to an app over a desk; it is always 10:00."""
    app = build_app(desk, credentials, config or Config(), now=lambda: RECEIVED, views=views)
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]  # ASGI, in Litestar's types
    async with httpx.AsyncClient(transport=transport, base_url="http://onefold") as client:
        yield client


def is_problem(response: httpx.Response, status: int, code: str) -> bool:
    """Tell whether an answer is a problem of exactly our shape."""
    body: Mapping[str, Any] = response.json()
    assert response.headers["content-type"] == "application/json"
    assert set(body) == {"success", "code", "message"}
    assert body["success"] is False
    assert body["message"]
    assert (response.status_code, body["code"]) == (status, code), body
    return True
