"""Profiles go out: one by its id, its timeline, the counters."""

from base64 import b64decode
from typing import Annotated, Any
from urllib.parse import unquote

import msgspec
from litestar import MediaType, Request, Response, Router, get
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.params import PathParameter, QueryParameter

from domain.document import Document
from domain.errors import DomainError
from domain.person import NOW, Then
from service.answers import TimelineShown
from service.credentials import Admission
from service.desk import Desk, Kind
from service.moments import then_of
from service.problems import MissingToken, UnknownProfile, WrongToken
from service.questions import AsKnownAt, AsOf
from service.schemas import COUNTERS, PROFILES, problems, profiles
from service.wire.ids import read_id

AnyRequest = Request[Any, Any, Any]
Id = Annotated[str, PathParameter(description="Percent-encoded, a slash too: `%2F`.")]
Limit = Annotated[int, QueryParameter(ge=1, le=1_000, description="How many activities at most.")]
Before = Annotated[
    str | None, QueryParameter(description="The `next` of an earlier page, or a moment: RFC 3339.")
]


class Reads:
    """Answers what is asked about profiles."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def profile(
        self, request: AnyRequest, kind: Kind, encoded: str, then: Then
    ) -> Response[bytes]:
        """Give a profile; as it is now with its version, 304 when the client has that one."""
        value = id_in_path(kind, encoded)
        if then != NOW:
            return await self._past(kind, value, then)
        ask = self._desk.customer if kind == "customer" else self._desk.visitor
        document = await ask(value)
        if document is None:
            raise UnknownProfile(kind, value)
        return _versioned(document, request.headers.get("if-none-match"))

    async def _past(self, kind: Kind, value: str, then: Then) -> Response[bytes]:
        document = await self._desk.past(kind, value, then)
        if document is None:
            raise UnknownProfile(kind, value)
        return json_answer(document)

    async def timeline(
        self, kind: Kind, encoded: str, limit: int, before: str | None, then: Then
    ) -> Response[bytes]:
        """Give a page of a profile's activities."""
        value = id_in_path(kind, encoded)
        page = await self._desk.timeline(kind, value, limit, before, then)
        if page is None:
            raise UnknownProfile(kind, value)
        return json_answer(page)

    async def stats(self) -> Response[bytes]:
        """Give the counters."""
        return json_answer(await self._desk.stats())


class TokenGuard:
    """Lets only those read who have an API token."""

    def __init__(self, credentials: Admission) -> None:
        self._credentials = credentials

    def __call__(
        self, connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler
    ) -> None:
        """Raise `MissingToken` or `WrongToken`."""
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise MissingToken
        if not self._credentials.allows(token.strip()):
            raise WrongToken


class BasicOrBearerGuard(TokenGuard):
    """Takes the token as the user name of HTTP Basic too, as Segment's clients send theirs."""

    def __call__(
        self, connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
    ) -> None:
        """Raise `MissingToken` or `WrongToken`."""
        scheme, _, encoded = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            super().__call__(connection, handler)
            return
        try:
            token, _, _ = b64decode(encoded, validate=True).decode().partition(":")
        except ValueError:
            token = ""
        if not token:
            raise MissingToken
        if not self._credentials.allows(token):
            raise WrongToken


def read_routes(reads: Reads, credentials: Admission) -> Router:
    """Give the addresses under which profiles are read."""

    @get("/customers/{cid:str}", responses=profiles())
    async def customer(
        request: AnyRequest, cid: Id, as_of: AsOf = None, as_known_at: AsKnownAt = None
    ) -> Response[bytes]:
        """Give a customer. `ETag` is its version, when no past is asked for."""
        return await reads.profile(request, "customer", cid, then_of(as_of, as_known_at))

    @get("/visitors/{uid:str}", responses=profiles())
    async def visitor(
        request: AnyRequest, uid: Id, as_of: AsOf = None, as_known_at: AsKnownAt = None
    ) -> Response[bytes]:
        """Give a visitor, or the customer it was folded into, then with `folded_from`."""
        return await reads.profile(request, "visitor", uid, then_of(as_of, as_known_at))

    @get("/customers/{cid:str}/timeline", responses=problems(TimelineShown, *PROFILES))
    async def customer_timeline(
        cid: Id,
        limit: Limit = 100,
        before: Before = None,
        as_of: AsOf = None,
        as_known_at: AsKnownAt = None,
    ) -> Response[bytes]:
        """List a customer's activities, newest first."""
        then = then_of(as_of, as_known_at)
        return await reads.timeline("customer", cid, limit, before, then)

    @get("/visitors/{uid:str}/timeline", responses=problems(TimelineShown, *PROFILES))
    async def visitor_timeline(
        uid: Id,
        limit: Limit = 100,
        before: Before = None,
        as_of: AsOf = None,
        as_known_at: AsKnownAt = None,
    ) -> Response[bytes]:
        """List the activities of a visitor, or of the customer it was folded into."""
        then = then_of(as_of, as_known_at)
        return await reads.timeline("visitor", uid, limit, before, then)

    @get("/stats", responses=problems(dict[str, int], *COUNTERS))
    async def stats() -> Response[bytes]:
        """Count activities, profiles, folds, refusals, rejections; `position` of the log."""
        return await reads.stats()

    return Router(
        "/api/v1",
        route_handlers=[customer, visitor, customer_timeline, visitor_timeline, stats],
        guards=[TokenGuard(credentials)],
        security=[{"token": []}],
    )


def id_in_path(kind: Kind, encoded: str) -> str:
    """Read an id from a path; what no call can have brought is unknown without asking."""
    value = unquote(encoded)
    try:
        found = read_id(kind, value, frozenset())
    except DomainError:
        found = None
    if found is None:
        raise UnknownProfile(kind, value)
    return found


def _versioned(document: Document, known: str | None) -> Response[bytes]:
    """Answer with a profile, or that the client has it already.

    A folded UID has its customer's version, which may equal the one the visitor had: that
    answer is always whole.
    """
    tag = f'"{document["version"]}"'
    headers = {"ETag": tag}
    if known is not None and "folded_from" not in document and _matches(tag, known):
        return Response(b"", status_code=304, headers=headers, media_type=MediaType.JSON)
    return json_answer(document, headers)


def _matches(tag: str, known: str) -> bool:
    tags = [part.strip().removeprefix("W/") for part in known.split(",")]
    return tag in tags or "*" in tags


def json_answer(content: object, headers: dict[str, str] | None = None) -> Response[bytes]:
    """Answer with JSON."""
    return Response(msgspec.json.encode(content), headers=headers, media_type=MediaType.JSON)
