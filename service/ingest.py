"""Calls come in: `/v1/batch`, and one address for each type of call."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from litestar import Request, post
from litestar.handlers import HTTPRouteHandler

from domain.instants import Instant
from service.answers import Accepted
from service.credentials import Credentials
from service.desk import Desk
from service.problems import UnknownWriteKey
from service.schemas import BatchOperation, CallOperation, problems
from service.wire.bodies import Receive, collect, unpacked
from service.wire.envelope import write_key_in
from service.wire.inbound import Inbound
from service.wire.rules import WireRules
from service.wire.segment import read_batch, read_one
from service.write_keys import write_key_of

BATCHES: Final = ["/v1/batch", "/v1/b", "/v1/import"]
CALLS: Final = {
    f"/v1/{kind}": kind for kind in ("track", "identify", "page", "screen", "group", "alias")
}
KINDS: Final[Mapping[str, str | None]] = {**dict.fromkeys(BATCHES), **CALLS}
"""Address -> the type of its calls; None for a batch of any."""


class Ingest:
    """Takes requests with calls and answers when all of them are durable."""

    def __init__(
        self, desk: Desk, credentials: Credentials, rules: WireRules, now: Callable[[], Instant]
    ) -> None:
        self._desk = desk
        self._credentials = credentials
        self._rules = rules
        self._now = now

    async def take(self, scope: Mapping[str, Any], receive: Receive) -> Accepted:
        """Take one request. Raises `Unreadable`, `UnknownWriteKey`, and what the desk raises."""
        received_at = self._now()
        headers = scope["headers"]
        key = write_key_of(headers, scope["query_string"])
        source = None if key is None else self._source(key)
        limit = self._rules.limits.body
        body = unpacked(await collect(receive, limit), _encoding(headers), limit)
        if source is None:
            source = self._source(write_key_in(body))
        return await self._submitted(self._read(scope["path"], body, source, received_at))

    def _source(self, key: str | None) -> str:
        source = None if key is None else self._credentials.source_of(key)
        if source is None:
            raise UnknownWriteKey(is_given=key is not None)
        return source

    def _read(self, path: str, body: bytes, source: str, received_at: Instant) -> Inbound:
        kind = KINDS[path]
        if kind is None:
            return read_batch(body, self._rules, source, received_at)
        return read_one(body, kind, self._rules, source, received_at)

    async def _submitted(self, inbound: Inbound) -> Accepted:
        if not inbound.commands:
            return Accepted(success=True)
        answer = await self._desk.submit(inbound.commands)
        return Accepted(
            success=True,
            position=answer.position,
            duplicates=answer.duplicates,
            rejected=inbound.rejected,
        )


def ingest_routes(ingest: Ingest) -> list[HTTPRouteHandler]:
    """Give the addresses under which calls are taken."""

    @post(BATCHES, status_code=200, operation_class=BatchOperation, responses=problems(Accepted))
    async def take_batch(request: Request[Any, Any, Any]) -> Accepted:
        """Take a batch of calls; answers when all of them are durable."""
        return await ingest.take(request.scope, request.receive)

    @post(list(CALLS), status_code=200, operation_class=CallOperation, responses=problems(Accepted))
    async def take_call(request: Request[Any, Any, Any]) -> Accepted:
        """Take one call; answers when it is durable."""
        return await ingest.take(request.scope, request.receive)

    return [take_batch, take_call]


def _encoding(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    for name, value in headers:
        if name == b"content-encoding":
            return value.decode("latin-1")
    return None
