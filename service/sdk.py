"""The browser SDK as pages load it: built from `sdk/web`, kept beside this file."""

import gzip
import hashlib
from base64 import b64encode
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import PathParameter
from litestar.response import Redirect

Name = Annotated[str, PathParameter(description="A file.")]

STATIC: Final = Path(__file__).parent / "static"
PLAIN: Final = "/sdk/onefold.js"

FOR_A_WHILE: Final = "public, max-age=300"
FOR_EVER: Final = "public, max-age=31536000, immutable"


class Script(msgspec.Struct, frozen=True):
    """The built SDK and what is known of it; `integrity` is for a script tag."""

    content: bytes
    packed: bytes
    digest: str
    integrity: str

    @property
    def address(self) -> str:
        """Where exactly this content stands, for as long as it is served."""
        return f"/sdk/onefold.{self.digest}.js"


def built_script() -> Script:
    """Read the SDK that came with this service."""
    content = (STATIC / "onefold.js").read_bytes()
    sha = hashlib.sha384(content).digest()
    integrity = f"sha384-{b64encode(sha).decode()}"
    return Script(content, gzip.compress(content, mtime=0), sha.hex()[:16], integrity)


def sdk_routes() -> list[HTTPRouteHandler]:
    """Give the addresses of the SDK; they need no key."""
    script = built_script()

    @get(PLAIN, include_in_schema=False)
    async def latest(request: Request[Any, Any, Any]) -> Response[bytes]:
        """Give the SDK; browsers ask again after five minutes."""
        if f'"{script.digest}"' in request.headers.get("if-none-match", ""):
            return Response(b"", status_code=304, headers=_headers(script, FOR_A_WHILE))
        return _script(request, script, FOR_A_WHILE)

    @get("/sdk/{name:str}", include_in_schema=False)
    async def named(request: Request[Any, Any, Any], name: Name) -> Response[Any]:
        """Give this content for ever; pages that name an older one get the newest."""
        if script.address.endswith(f"/{name}"):
            return _script(request, script, FOR_EVER)
        return Redirect(PLAIN, status_code=302, headers={"Cache-Control": FOR_A_WHILE})

    @get("/sdk/manifest.json", include_in_schema=False)
    async def manifest() -> dict[str, str]:
        """Tell the address that never changes its content, and the hash of that content."""
        return {"src": script.address, "integrity": script.integrity}

    return [latest, named, manifest]


def _script(request: Request[Any, Any, Any], script: Script, caching: str) -> Response[bytes]:
    headers = _headers(script, caching)
    content = script.content
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        content = script.packed
    return Response(content, headers=headers, media_type="text/javascript")


def _headers(script: Script, caching: str) -> dict[str, str]:
    return {
        "Cache-Control": caching,
        "ETag": f'"{script.digest}"',
        "Vary": "Accept-Encoding",
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "X-Content-Type-Options": "nosniff",
    }
