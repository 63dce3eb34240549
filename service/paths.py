"""Paths of reads as they were sent, so that an id may hold a slash as `%2F`."""

from litestar.types import ASGIApp, Receive, Scope, Send

READS = "/api/"


def as_sent(app: ASGIApp) -> ASGIApp:
    """Route reads by their path before it is decoded; whoever takes an id decodes it."""

    async def routed(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith(READS):
            scope["path"] = scope["raw_path"].decode("latin-1").partition("?")[0]
        await app(scope, receive, send)

    return routed
