"""Where a request carries its write key."""

import binascii
from base64 import b64decode
from collections.abc import Iterable
from urllib.parse import parse_qsl

HEADER = b"x-write-key"


def write_key_of(headers: Iterable[tuple[bytes, bytes]], query: bytes) -> str | None:
    """Find the write key outside the body: Basic user, then X-Write-Key, then the query.

    None when there is none there: then it is in the body, or missing.
    """
    written = None
    for name, value in headers:
        if name == b"authorization":
            user = basic_user(value)
            if user:
                return user
        elif name == HEADER:
            written = value.decode("utf-8", "replace").strip()
    return written or (_in_query(query) if query else None)


def basic_user(authorization: bytes) -> str | None:
    """Read the user of HTTP Basic, also when the colon is missing, as some clients send it."""
    scheme, _, encoded = authorization.partition(b" ")
    if scheme.lower() != b"basic":
        return None
    try:
        decoded = b64decode(encoded.strip() + b"==").decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    return decoded.partition(":")[0]


def _in_query(query: bytes) -> str | None:
    pairs = dict(parse_qsl(query.decode("latin-1")))
    return pairs.get("writeKey")
