"""The bytes of a request: collected and unpacked within bounds."""

import gzip
import tracemalloc
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from service.wire.bodies import collect, unpacked
from service.wire.errors import Unreadable

MIB = 1_048_576


class Sender:
    """Sends a body in chunks, and counts how many were asked for."""

    def __init__(self, chunks: Iterator[bytes], *, hangs_up: bool = False) -> None:
        self._chunks = chunks
        self._hangs_up = hangs_up
        self.sent = 0

    async def receive(self) -> Mapping[str, Any]:
        """Give the next ASGI message."""
        self.sent += 1
        chunk = next(self._chunks, None)
        if chunk is None:
            return {"type": "http.disconnect"} if self._hangs_up else {"type": "http.request"}
        return {"type": "http.request", "body": chunk, "more_body": True}


def refused(body: bytes, encoding: str | None = None, limit: int = 4 * MIB) -> tuple[str, int]:
    """Give the code and status with which a body is refused."""
    with pytest.raises(Unreadable) as caught:
        unpacked(body, encoding, limit)
    return caught.value.code, caught.value.status


async def test_a_body_may_come_in_chunks() -> None:
    assert await collect(Sender(iter([b"ab", b"", b"c"])).receive, 3) == b"abc"


async def test_reading_stops_at_the_limit() -> None:
    sender = Sender(iter([b"x" * 10] * 1_000))
    with pytest.raises(Unreadable) as caught:
        await collect(sender.receive, 25)
    assert (caught.value.code, caught.value.status, sender.sent) == ("body_too_large", 413, 3)


async def test_a_client_that_goes_away_is_no_request() -> None:
    with pytest.raises(Unreadable) as caught:
        await collect(Sender(iter([b"{"]), hangs_up=True).receive, 25)
    assert caught.value.code == "incomplete_body"


def test_gzip_is_known_by_its_content_or_its_header() -> None:
    packed = gzip.compress(b"{}")
    for encoding in (None, "gzip", " GZIP ", "x-gzip", "identity"):
        assert unpacked(packed, encoding, 2) == b"{}"
    assert unpacked(b"{}", None, 2) == b"{}"
    assert unpacked(b"{}", "identity", 2) == b"{}"


def test_gzip_may_be_made_of_several_members_and_padding() -> None:
    assert unpacked(gzip.compress(b"{") + gzip.compress(b"}") + b"\0\0", "gzip", 2) == b"{}"


NOT_GZIP = {
    "nothing": b"",
    "plain": b"{}",
    "cut short": gzip.compress(b"{}" * 99)[:-9],
    "half a header": gzip.compress(b"{}")[:5],
    "junk behind": gzip.compress(b"{}") + b"junk",
    "second member cut": gzip.compress(b"{}") + gzip.compress(b"{}")[:-1],
    "wrong checksum": gzip.compress(b"{}")[:-8] + b"\0" * 8,
    "too many members": gzip.compress(b"") * 101,
}


@pytest.mark.parametrize(
    "what", NOT_GZIP
)  # by name: gzip holds the time, and names must not change
def test_what_says_it_is_gzip_and_is_not_is_refused(what: str) -> None:
    assert refused(NOT_GZIP[what], "gzip") == ("invalid_gzip", 400)


def test_the_limit_holds_after_gunzip_over_all_members() -> None:
    member = gzip.compress(b"x" * MIB)
    assert len(unpacked(member * 4, None, 4 * MIB)) == 4 * MIB
    assert refused(member * 4 + gzip.compress(b"x")) == ("body_too_large", 413)


def test_a_gzip_bomb_is_cut_off_while_it_inflates() -> None:
    bomb = gzip.compress(bytes(64 * MIB), 1)
    tracemalloc.start()
    try:
        assert refused(bomb) == ("body_too_large", 413)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16 * MIB
