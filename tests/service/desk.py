"""A desk for tests: remembers what was submitted, and answers what it was told to."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec

from domain.commands import AnyCommand
from domain.document import Document
from domain.instants import Instant, parse_instant
from service.app import build_app
from service.config import Config
from service.credentials import Credentials
from service.desk import Kind

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


class MemoryDesk:
    """Counts positions and knows a call again by its message id, as the hosts do."""

    def __init__(self) -> None:
        self.commands: list[AnyCommand] = []
        self.profiles: dict[tuple[Kind, str], Document] = {}
        self.timelines: dict[tuple[Kind, str], dict[str, Any]] = {}
        self.asked: list[tuple[object, ...]] = []
        self.trouble: Exception | None = None
        self.is_ready = True

    async def submit(self, commands: Sequence[AnyCommand], /) -> Stored:
        """Take commands, unless there is trouble."""
        self._check()
        known = {command.message_id for command in self.commands}
        new = [command for command in commands if command.message_id not in known]
        self.commands += new
        return Stored(len(self.commands), len(commands) - len(new))

    async def customer(self, cid: str, /) -> Document | None:
        """Give what a test put there."""
        return self._profile("customer", cid)

    async def visitor(self, uid: str, /) -> Document | None:
        """Give what a test put there."""
        return self._profile("visitor", uid)

    async def timeline(
        self, kind: Kind, value: str, limit: int, before: str | None, /
    ) -> dict[str, Any] | None:
        """Give what a test put there, and note what was asked."""
        self._check()
        self.asked.append((kind, value, limit, before))
        return self.timelines.get((kind, value))

    async def stats(self) -> dict[str, int]:
        """Count."""
        self._check()
        return {"position": len(self.commands)}

    async def ready(self) -> bool:
        """Tell what a test set."""
        self._check()
        return self.is_ready

    def _profile(self, kind: Kind, value: str) -> Document | None:
        self._check()
        self.asked.append((kind, value))
        return self.profiles.get((kind, value))

    def _check(self) -> None:
        if self.trouble is not None:
            raise self.trouble


@asynccontextmanager
async def client_of(
    desk: MemoryDesk, config: Config | None = None, credentials: Credentials = CREDENTIALS
) -> AsyncIterator[httpx.AsyncClient]:
    """Talk HTTP to an app over a desk; it is always 10:00."""
    app = build_app(desk, credentials, config or Config(), now=lambda: RECEIVED)
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
