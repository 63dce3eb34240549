"""The bytes of a request: collected and unpacked within bounds."""

import zlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from service.wire.errors import BodyTooLarge, InvalidGzip, Unreadable

GZIP_MAGIC = b"\x1f\x8b"
GZIP_NAMES = frozenset({"gzip", "x-gzip"})
MOST_MEMBERS = 100
"""Gzip files may be glued together; each member costs a copy of what follows it."""

Receive = Callable[[], Awaitable[Mapping[str, Any]]]


class BodyCutOff(Unreadable):
    """The client went away in the middle of its request."""

    def __init__(self) -> None:
        super().__init__("incomplete_body", "Expected the whole body, but the connection ended")


async def collect(receive: Receive, limit: int) -> bytes:
    """Read a request's body; stops with `BodyTooLarge` as soon as it is over the limit."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BodyCutOff
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise BodyTooLarge(limit)
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


def unpacked(body: bytes, encoding: str | None, limit: int) -> bytes:
    """Gunzip a body that says it is gzip, or is; never makes more than `limit` bytes."""
    declared = encoding is not None and encoding.strip().lower() in GZIP_NAMES
    if not declared and not body.startswith(GZIP_MAGIC):
        return body
    members: list[bytes] = []
    room = limit
    for _ in range(MOST_MEMBERS):
        plain, body = _member(body, room, limit)
        members.append(plain)
        room -= len(plain)
        if not body.strip(b"\0"):
            return b"".join(members)
    raise InvalidGzip(why=f"it is made of more than {MOST_MEMBERS} members")


def _member(body: bytes, room: int, limit: int) -> tuple[bytes, bytes]:
    """Inflate one gzip member; gives its content and what follows it."""
    inflating = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        plain = inflating.decompress(body, room + 1)
    except zlib.error as error:
        raise InvalidGzip(why=f"it cannot be inflated: {error}") from None
    if len(plain) > room:
        raise BodyTooLarge(limit)
    if not inflating.eof:
        raise InvalidGzip(why="it stops in the middle")
    return plain, inflating.unused_data
