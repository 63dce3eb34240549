"""Calls come in, in whichever dialect their address stands for."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler

from actors.undecidable import MESSAGE, UNDECIDABLE
from domain.instants import Instant
from service.addresses import BATCHES, CALLS, EVENT, JITSU, KINDS, METRICS, PIXELS
from service.answers import Accepted
from service.credentials import Admission
from service.desk import Desk
from service.schemas import (
    BatchOperation,
    CallOperation,
    EventOperation,
    QueryOperation,
    problems,
)
from service.wire.bodies import Receive, collect, unpacked
from service.wire.envelope import write_key_in
from service.wire.inbound import Inbound, Rejected
from service.wire.pixel import read_pixel
from service.wire.rules import WireRules
from service.wire.seed_requests import (
    KEY,
    read_event_query,
    read_events,
    write_key_of_events,
)
from service.wire.segment import read_batch, read_one
from service.write_keys import FIELDS, admitted, write_key_of

AnyRequest = Request[Any, Any, Any]

ONE: Final = [*CALLS, *JITSU]
EVENT_FIELDS: Final = (*FIELDS, KEY)

GIF: Final = "image/gif"
PIXEL: Final = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00"
    b",\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x01D\x00;"
)
"""One transparent pixel."""


class Ingest:
    """Takes requests with calls and answers when all of them are durable."""

    def __init__(
        self, desk: Desk, credentials: Admission, rules: WireRules, now: Callable[[], Instant]
    ) -> None:
        self._desk = desk
        self._credentials = credentials
        self._rules = rules
        self._now = now

    async def take(self, scope: Mapping[str, Any], receive: Receive) -> Accepted:
        """Take one request. Raises `Unreadable`, `Denied`, and what the desk raises."""
        received_at = self._now()
        headers = scope["headers"]
        is_event = scope["path"] == EVENT
        fields = EVENT_FIELDS if is_event else FIELDS
        key = write_key_of(headers, scope["query_string"], fields)
        source = None if key is None else self._source(key)
        limit = self._rules.limits.body
        body = unpacked(await collect(receive, limit), _encoding(headers), limit)
        if source is None:
            source = self._source(write_key_of_events(body) if is_event else write_key_in(body))
        return await self._submitted(self._read(scope["path"], body, source, received_at))

    async def take_event_query(self, scope: Mapping[str, Any]) -> Accepted:
        """Take the one event of the seed that a query is."""
        received_at = self._now()
        headers, query = scope["headers"], scope["query_string"]
        source = self._source(write_key_of(headers, query, EVENT_FIELDS))
        return await self._submitted(
            read_event_query(query, headers, self._rules, source, received_at)
        )

    async def take_pixel(self, scope: Mapping[str, Any], kind: str) -> Accepted:
        """Take the one call that a pixel's query is."""
        received_at = self._now()
        headers, query = scope["headers"], scope["query_string"]
        source = self._source(write_key_of(headers, query))
        return await self._submitted(
            read_pixel(query, headers, kind, self._rules, source, received_at)
        )

    def _source(self, key: str | None) -> str:
        return admitted(self._credentials, key).name

    def _read(self, path: str, body: bytes, source: str, received_at: Instant) -> Inbound:
        kind = KINDS[path]
        if path == EVENT:
            return read_events(body, self._rules, source, received_at)
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
            rejected=_rejected(inbound, answer.rejected),
        )


def ingest_routes(ingest: Ingest) -> list[HTTPRouteHandler]:
    """Give the addresses under which calls are taken."""

    @post(BATCHES, status_code=200, operation_class=BatchOperation, responses=problems(Accepted))
    async def take_batch(request: AnyRequest) -> Accepted:
        """Take a batch of calls; answers when all of them are durable."""
        return await ingest.take(request.scope, request.receive)

    @post(ONE, status_code=200, operation_class=CallOperation, responses=problems(Accepted))
    async def take_call(request: AnyRequest) -> Accepted:
        """Take one call; answers when it is durable."""
        return await ingest.take(request.scope, request.receive)

    @post(EVENT, status_code=200, operation_class=EventOperation, responses=problems(Accepted))
    async def take_events(request: AnyRequest) -> Accepted:
        """Take an event of the seed product, or a list of them."""
        return await ingest.take(request.scope, request.receive)

    @get(EVENT, operation_class=QueryOperation, responses=problems(Accepted))
    async def take_event_query(request: AnyRequest) -> Accepted:
        """Take an event of the seed product whose fields are the query's."""
        return await ingest.take_event_query(request.scope)

    @get(list(PIXELS), operation_class=QueryOperation, responses=problems(bytes), media_type=GIF)
    async def take_pixel(request: AnyRequest) -> Response[bytes]:
        """Take a call whose fields are the query's; gives an image of one pixel."""
        await ingest.take_pixel(request.scope, PIXELS[request.scope["path"]])
        return Response(PIXEL, media_type=GIF, headers={"Cache-Control": "no-store"})

    @post(METRICS, status_code=200)
    async def leave_metrics() -> Accepted:
        """Take what an SDK tells of itself, and leave it."""
        return Accepted(success=True)

    return [take_batch, take_call, take_events, take_event_query, take_pixel, leave_metrics]


def _encoding(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    for name, value in headers:
        if name == b"content-encoding":
            return value.decode("latin-1")
    return None


def _rejected(inbound: Inbound, undecidable: list[int]) -> list[Rejected]:
    """Name the calls that were not taken: unreadable ones, and those no host could decide."""
    if not undecidable:
        return inbound.rejected
    late = [Rejected(index, UNDECIDABLE, MESSAGE) for index in undecidable]
    return sorted([*inbound.rejected, *late], key=lambda rejected: rejected.index)
