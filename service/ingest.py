"""Calls come in: `/v1/batch`, and one address for each type of call."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from litestar import MediaType, Request, Response, post
from litestar.handlers import HTTPRouteHandler

from domain.instants import Instant
from service.answers import Accepted
from service.credentials import Credentials
from service.desk import Desk
from service.problems import UnknownWriteKey
from service.schemas import BatchOperation, CallOperation, problems
from service.wire.bodies import collect, unpacked
from service.wire.envelope import write_key_in
from service.wire.inbound import Inbound
from service.wire.rules import WireRules
from service.wire.segment import read_batch, read_one
from service.write_keys import write_key_of

BATCHES = ["/v1/batch", "/v1/b", "/v1/import"]
CALLS = [f"/v1/{kind}" for kind in ("track", "identify", "page", "screen", "group", "alias")]

AnyRequest = Request[Any, Any, Any]
Read = Callable[[bytes, str, Instant], Inbound]


class Ingest:
    """Takes requests with calls and answers when all of them are durable."""

    def __init__(
        self, desk: Desk, credentials: Credentials, rules: WireRules, now: Callable[[], Instant]
    ) -> None:
        self._desk = desk
        self._credentials = credentials
        self._rules = rules
        self._now = now

    async def batch(self, request: AnyRequest) -> Response[bytes]:
        """Take a batch."""
        return await self._taken(
            request, lambda body, source, at: read_batch(body, self._rules, source, at)
        )

    async def one(self, request: AnyRequest) -> Response[bytes]:
        """Take a single call of the type that the address names."""
        kind = request.scope["path"].rpartition("/")[2]
        return await self._taken(
            request, lambda body, source, at: read_one(body, kind, self._rules, source, at)
        )

    async def _taken(self, request: AnyRequest, read: Read) -> Response[bytes]:
        received_at = self._now()
        headers = request.scope["headers"]
        key = write_key_of(headers, request.scope["query_string"])
        source = None if key is None else self._source(key)
        limit = self._rules.limits.body
        body = await collect(request.receive, limit)
        body = unpacked(body, _encoding(headers), limit)
        if source is None:
            source = self._source(write_key_in(body))
        return await self._submitted(read(body, source, received_at))

    def _source(self, key: str | None) -> str:
        source = None if key is None else self._credentials.source_of(key)
        if source is None:
            raise UnknownWriteKey(is_given=key is not None)
        return source

    async def _submitted(self, inbound: Inbound) -> Response[bytes]:
        accepted = Accepted(success=True)
        if inbound.commands:
            answer = await self._desk.submit(inbound.commands)
            accepted = Accepted(
                success=True,
                position=answer.position,
                duplicates=answer.duplicates,
                rejected=inbound.rejected,
            )
        return Response(msgspec.json.encode(accepted), media_type=MediaType.JSON)


def ingest_routes(ingest: Ingest) -> list[HTTPRouteHandler]:
    """Give the addresses under which calls are taken."""

    @post(BATCHES, status_code=200, operation_class=BatchOperation, responses=problems(Accepted))
    async def take_batch(request: AnyRequest) -> Response[bytes]:
        """Take a batch of calls; answers when all of them are durable."""
        return await ingest.batch(request)

    @post(CALLS, status_code=200, operation_class=CallOperation, responses=problems(Accepted))
    async def take_call(request: AnyRequest) -> Response[bytes]:
        """Take one call; answers when it is durable."""
        return await ingest.one(request)

    return [take_batch, take_call]


def _encoding(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    for name, value in headers:
        if name == b"content-encoding":
            return value.decode("latin-1")
    return None
