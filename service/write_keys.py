"""Where a request carries its write key, and whose it is."""

import binascii
from base64 import b64decode
from collections.abc import Iterable
from urllib.parse import parse_qsl

from service.credentials import Admission
from service.problems import SourceDisabled, UnknownWriteKey
from service.sources import Source

HEADER = b"x-write-key"
FIELDS = ("writeKey",)


def write_key_of(
    headers: Iterable[tuple[bytes, bytes]], query: bytes, fields: tuple[str, ...] = FIELDS
) -> str | None:
    """Find the write key outside the body: Basic user, then X-Write-Key, then the query.

    `fields` are its names in the query. None when there is none there: then it is in the body,
    or missing.
    """
    written = None
    for name, value in headers:
        if name == b"authorization":
            user = basic_user(value)
            if user:
                return user
        elif name == HEADER:
            written = value.decode("utf-8", "replace").strip()
    return written or (_in_query(query, fields) if query else None)


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


def admitted(credentials: Admission, key: str | None) -> Source:
    """Give the source whose calls may come. Raises `UnknownWriteKey` and `SourceDisabled`."""
    source = known(credentials, key)
    if not source.is_enabled:
        raise SourceDisabled(source.name)
    return source


def known(credentials: Admission, key: str | None) -> Source:
    """Give the source of a write key, which some clients send as `key:secret`."""
    source = None if key is None else credentials.find(key)
    if source is None and key is not None and ":" in key:
        source = credentials.find(key.partition(":")[0])
    if source is None:
        raise UnknownWriteKey(is_given=key is not None)
    return source


def _in_query(query: bytes, fields: tuple[str, ...]) -> str | None:
    pairs = dict(parse_qsl(query.decode("latin-1")))
    return next((pairs[name] for name in fields if name in pairs), None)
