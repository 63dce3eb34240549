"""Where SDKs send what: the addresses of every dialect."""

from collections.abc import Mapping
from typing import Final

TYPES: Final = ("track", "identify", "page", "screen", "group", "alias")

BATCHES: Final = ["/v1/batch", "/v1/b", "/v1/import", "/beacon/v1/batch"]
CALLS: Final = {
    **{f"/v1/{kind}": kind for kind in TYPES},
    **{f"/v1/{kind[0]}": kind for kind in TYPES},
}
JITSU: Final = {f"/api/s/{kind}": kind for kind in TYPES}
EVENT: Final = "/event"
"""The seed product's own."""

KINDS: Final[Mapping[str, str | None]] = {
    **dict.fromkeys(BATCHES),
    **CALLS,
    **JITSU,
    EVENT: None,
}
"""Address -> the type of its calls; None for any."""

PIXELS: Final = {f"/pixel/v1/{kind}": kind for kind in ("track", "page")}
METRICS: Final = ["/v1/m", "/rsaMetrics"]
"""What SDKs tell of themselves is taken and left."""

SETTINGS: Final = "/v1/projects/{key:str}/settings"
SOURCE_CONFIG: Final = "/sourceConfig"

_OPEN: Final = ("/v1/", "/beacon/", "/pixel/", "/api/s/", "/sourceConfig", "/event", "/rsaMetrics")
_READ: Final = "/v1/spaces/"
"""Profiles, at the addresses that Segment's readers use."""


def is_for_browsers(path: str) -> bool:
    """Tell whether pages of any site may use an address: those of SDKs, none where data is read."""
    # Segment's Profile API reads, under the prefix of its calls.
    return path.startswith(_OPEN) and not path.startswith(_READ)
