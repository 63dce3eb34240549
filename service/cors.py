"""What lets pages of other sites use an address (CORS), on errors too.

An SDK cannot tell an error without these headers from a dead network, and would send again.
"""

from collections.abc import Iterable
from typing import Final

Header = tuple[bytes, bytes]

KNOWN: Final = b", ".join(
    [
        *(b"authorization", b"content-type", b"anonymousid", b"sentat", b"x-retry-count"),
        *(b"rsa-retry-attempt", b"rsa-since-last-attempt", b"rsa-since-first-attempt"),
        *(b"rsa-retry-reason", b"rsa-recovered", b"x-write-key"),
    ]
)
"""Allowed when a browser does not say which headers it means; `*` would not cover the first."""

VARY: Final[Header] = (b"vary", b"Origin")
_ALLOWED: Final[list[Header]] = [
    (b"access-control-allow-credentials", b"true"),
    (b"access-control-expose-headers", b"Retry-After"),
    VARY,
]
_METHODS: Final[list[Header]] = [
    (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
    (b"access-control-max-age", b"900"),
]


def allowing(headers: Iterable[Header]) -> list[Header]:
    """Give the headers of an answer to a request with these."""
    for name, value in headers:
        if name == b"origin":
            return [(b"access-control-allow-origin", value), *_ALLOWED]
    return [VARY]


def preflight(headers: Iterable[Header]) -> list[Header]:
    """Give the headers of an answer to a browser that asks beforehand."""
    sent = dict(headers)
    asked = sent.get(b"access-control-request-headers") or KNOWN
    return [*allowing(sent.items()), (b"access-control-allow-headers", asked), *_METHODS]
