"""What SDKs fetch before they start: where to send, and what to do (decision 0012)."""

import re
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import msgspec
from litestar import MediaType, Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import PathParameter

from service.addresses import SETTINGS, SOURCE_CONFIG
from service.answers import SettingsShown, SourceConfigShown
from service.credentials import Admission
from service.problems import BadHost
from service.schemas import BOOT, problems
from service.write_keys import admitted, known, write_key_of

AnyRequest = Request[Any, Any, Any]
WriteKey = Annotated[str, PathParameter(description="The write key of the source.")]

HOST: Final = re.compile(r"[A-Za-z0-9.\-_]+(:\d+)?|\[[0-9A-Fa-f:.]+\](:\d+)?")
CACHED: Final = "max-age=300"


def boot_routes(credentials: Admission, public_url: str) -> list[HTTPRouteHandler]:
    """Give the addresses of the documents."""

    @get(SETTINGS, responses=problems(SettingsShown, *BOOT))
    async def settings(request: AnyRequest, key: WriteKey) -> Response[bytes]:
        """Tell Segment's browser and mobile SDKs where to send."""
        admitted(credentials, key)
        return _cached(segment_settings(key, *address_of(request, public_url)), "public")

    @get(SOURCE_CONFIG, responses=problems(SourceConfigShown, *BOOT))
    async def source_config(request: AnyRequest) -> Response[bytes]:
        """Tell RudderStack's SDKs that there is a source; a disabled one stops them."""
        key = write_key_of(request.scope["headers"], request.scope["query_string"])
        source = known(credentials, key)
        document = rudder_config(key or "", source.name, is_enabled=source.is_enabled)
        return _cached(document, "private")

    return [settings, source_config]


def address_of(request: AnyRequest, public_url: str) -> tuple[str, str]:
    """Give scheme and host under which browsers reach this server, a path prefix with the host.

    That is `public_url` where one is set, else what the request itself was sent to. A
    forwarded host counts for nothing: whoever can have an answer cached under one could lead
    the calls of all visitors to a host of his own.
    """
    if public_url:
        parts = urlsplit(public_url)
        return parts.scheme, f"{parts.netloc}{parts.path}".rstrip("/")
    host = request.headers.get("host", "")
    if HOST.fullmatch(host) is None:
        raise BadHost(host)
    return str(request.scope["scheme"]), host


def segment_settings(key: str, scheme: str, host: str) -> SettingsShown:
    """Write the settings. One integration, for a second makes the SDK load further code."""
    integration = {"apiKey": key, "apiHost": f"{host}/v1", "protocol": scheme}
    every_track = {"__default": {"enabled": True, "integrations": {}}}
    return SettingsShown(
        integrations={"Segment.io": integration},
        metrics={"sampleRate": 0},
        plan={"track": every_track},
        remotePlugins=[],
    )


def rudder_config(key: str, name: str, *, is_enabled: bool) -> SourceConfigShown:
    """Write the source's configuration: nothing told of the SDK itself, nothing passed on."""
    off = {"enabled": False}
    return SourceConfigShown(
        source={
            "id": name,
            "name": name,
            "writeKey": key,
            "workspaceId": "onefold",
            "enabled": is_enabled,
            "config": {"statsCollection": {"errors": off, "metrics": off}},
            "destinations": [],
        }
    )


def _cached(document: msgspec.Struct, by_whom: str) -> Response[bytes]:
    headers = {"Cache-Control": f"{by_whom}, {CACHED}"}
    return Response(msgspec.json.encode(document), headers=headers, media_type=MediaType.JSON)
