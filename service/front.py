"""What happens to a request before Litestar routes it."""

from typing import Any

import msgspec
from litestar import Request, Response
from litestar.enums import ScopeType
from litestar.exceptions import NotFoundException
from litestar.types import ASGIApp, ExceptionHandlersMap, HTTPScope, Message, Receive, Scope, Send

from service.addresses import KINDS, is_for_browsers
from service.answers import Problem
from service.cors import Header, allowing, preflight
from service.ingest import Ingest
from service.problems import explained
from service.schemas import PATH as DOCUMENT

READS = ("/api/", "/v1/spaces/")
JSON = (b"content-type", b"application/json")


def front(app: ASGIApp, ingest: Ingest) -> ASGIApp:
    """Take calls on the short way, and leave the paths of reads as they were sent.

    The short way to `Ingest` costs a third of the routed one (decision on the HTTP side); the
    routes are the same, and Litestar keeps them for other methods and for the document. A read
    is routed before its path is decoded, so that an id may hold a slash as `%2F`.
    """

    async def routed(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
        elif is_for_browsers(scope["path"]):
            await _open(app, ingest, scope, receive, send)
        elif scope["path"].startswith(f"{DOCUMENT}/"):
            await _problem(scope, send, NotFoundException(), [])
        else:
            if scope["path"].startswith(READS):
                scope["path"] = scope["raw_path"].decode("latin-1").partition("?")[0]
            await app(scope, receive, send)

    return routed


async def _open(app: ASGIApp, ingest: Ingest, scope: HTTPScope, receive: Any, send: Any) -> None:
    """Answer in a way that pages of other sites may read."""
    if scope["method"] == "OPTIONS":
        await _send(send, 204, preflight(scope["headers"]), b"")
        return
    allowed = allowing(scope["headers"])
    if scope["method"] == "POST" and scope["path"] in KINDS:
        await _take(ingest, scope, receive, send, allowed)
        return

    async def send_allowed(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *allowed]
        await send(message)

    await app(scope, receive, send_allowed)


async def _take(
    ingest: Ingest, scope: HTTPScope, receive: Any, send: Any, allowed: list[Header]
) -> None:
    try:
        answer = await ingest.take(scope, receive)
    except Exception as error:  # noqa: BLE001 - every one of them has its answer
        await _problem(scope, send, error, allowed)
    else:
        await _send(send, 200, [JSON, *allowed], msgspec.json.encode(answer))


async def _problem(scope: HTTPScope, send: Any, error: Exception, allowed: list[Header]) -> None:
    problem = explained(error, scope["method"], scope["path"])
    said = [(name.lower().encode(), v.encode()) for name, v in problem.headers.items()]
    body = msgspec.json.encode(problem.problem)
    await _send(send, problem.status, [JSON, *said, *allowed], body)


async def _send(send: Any, status: int, headers: list[Header], body: bytes) -> None:
    if body:
        headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _answered(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    problem = explained(error, request.method, request.scope["path"])
    return Response(problem.problem, status_code=problem.status, headers=problem.headers)


HANDLERS: ExceptionHandlersMap = {Exception: _answered}
"""Litestar's way to the same answers."""
