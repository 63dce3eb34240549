"""The demo shop of `onefold serve --demo`: a page to try the SDK on, beside its own profile.

It reads without an API token, so it is for trials: see the decision on the demo shop.
"""

from pathlib import Path
from typing import Any, Final

import msgspec
from litestar import MediaType, Request, Response, get
from litestar.handlers import HTTPRouteHandler

from service.credentials import Admission
from service.desk import Desk
from service.loopback import is_loopback
from service.problems import Denied, UnknownProfile
from service.reads import Id, id_in_path
from service.sdk import Name
from service.sources import Source

PAGES: Final = Path(__file__).parent / "static" / "demo"
FILES: Final = {
    "index.html": "text/html",
    "shop.css": "text/css",
    "shop.js": "text/javascript",
}

WRITE_KEY: Final = "wk_demo"
"""Known to everybody; it counts only while the demo is on."""

SOURCE: Final = Source(name="demo")

GUARDED: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class NotHere(Denied):
    """The demo was asked under a name that is not this machine's."""

    def __init__(self, host: str) -> None:
        message = f"Expected the demo to be asked on this machine, got the host {host[:255]!r}"
        super().__init__(403, "not_here", message)


class WithDemo:
    """The credentials of a deployment, and the demo's write key among them."""

    def __init__(self, within: Admission) -> None:
        self._within = within

    def find(self, write_key: str) -> Source | None:
        """Give the source that a write key belongs to."""
        return SOURCE if write_key == WRITE_KEY else self._within.find(write_key)

    def source_of(self, write_key: str) -> str | None:
        """Give the name of that source."""
        return SOURCE.name if write_key == WRITE_KEY else self._within.source_of(write_key)

    def allows(self, api_token: str) -> bool:
        """Tell whether a token may read."""
        return self._within.allows(api_token)


def demo_routes(desk: Desk, *, anywhere: bool) -> list[HTTPRouteHandler]:
    """Give the addresses of the shop; `anywhere`: not only for this machine."""

    def expect_here(request: Request[Any, Any, Any]) -> None:
        """Raise `NotHere` for a foreign name: a site may let its own point to this machine."""
        host = request.url.hostname or ""
        if not anywhere and not is_loopback(host):
            raise NotHere(host)

    @get(["/demo", "/demo/{name:str}"], include_in_schema=False)
    async def page(request: Request[Any, Any, Any], name: Name = "index.html") -> Response[bytes]:
        """Give a file of the shop."""
        expect_here(request)
        if name not in FILES:
            name = "index.html"
        content = (PAGES / name).read_bytes()
        return Response(content, headers=GUARDED, media_type=FILES[name])

    @get("/demo/profiles/{uid:str}", include_in_schema=False)
    async def profile(request: Request[Any, Any, Any], uid: Id) -> Response[bytes]:
        """Give the profile that a UID belongs to now: whoever knows a UID may read it here."""
        expect_here(request)
        document = await desk.visitor(id_in_path("visitor", uid))
        if document is None:
            raise UnknownProfile("visitor", uid)
        content = msgspec.json.encode(document)
        return Response(content, headers=GUARDED, media_type=MediaType.JSON)

    return [page, profile]
