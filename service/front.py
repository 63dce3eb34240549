"""What happens to a request before Litestar routes it."""

from typing import Any

import msgspec
from litestar import Request, Response
from litestar.enums import ScopeType
from litestar.types import ASGIApp, ExceptionHandlersMap, HTTPScope, Receive, Scope, Send

from service.answers import Problem
from service.ingest import KINDS, Ingest
from service.problems import explained

READS = "/api/"
JSON = (b"content-type", b"application/json")


def front(app: ASGIApp, ingest: Ingest) -> ASGIApp:
    """Take calls on the short way, and leave the paths of reads as they were sent.

    The short way to `Ingest` costs a third of the routed one (decision on the HTTP side); the
    routes are the same, and Litestar keeps them for other methods and for the document. A read
    is routed before its path is decoded, so that an id may hold a slash as `%2F`.
    """

    async def routed(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            path = scope["path"]
            if scope["method"] == "POST" and path in KINDS:
                await _take(ingest, scope, receive, send)
                return
            if path.startswith(READS):
                scope["path"] = scope["raw_path"].decode("latin-1").partition("?")[0]
        await app(scope, receive, send)

    return routed


async def _take(ingest: Ingest, scope: HTTPScope, receive: Any, send: Any) -> None:
    status, headers = 200, [JSON]
    answer: msgspec.Struct
    try:
        answer = await ingest.take(scope, receive)
    except Exception as error:  # noqa: BLE001 - every one of them has its answer
        problem = explained(error, scope["method"], scope["path"])
        status, answer = problem.status, problem.problem
        headers += [(name.lower().encode(), v.encode()) for name, v in problem.headers.items()]
    body = msgspec.json.encode(answer)
    headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _problem(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    problem = explained(error, request.method, request.scope["path"])
    return Response(problem.problem, status_code=problem.status, headers=problem.headers)


HANDLERS: ExceptionHandlersMap = {Exception: _problem}
"""Litestar's way to the same answers."""
