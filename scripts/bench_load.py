"""A light load generator: prepared requests over kept-alive connections, every answer checked."""

import asyncio
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from time import perf_counter
from typing import cast
from urllib.parse import urlsplit

import msgspec
import uvloop

HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length:"


class Load(msgspec.Struct, frozen=True):
    """How it went: `seconds` in all, and of each request from sending to answer."""

    seconds: float
    latencies: list[float]

    def percentile(self, share: float) -> float:
        """Give the latency, in seconds, that this share of the requests stayed within."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class NotAccepted(Exception):
    """A request was not answered with 200."""

    def __init__(self, answer: bytes) -> None:
        super().__init__(f"Expected every answer to be 200, got {answer[:500]!r}")
        self.answer = answer


class HungUp(Exception):
    """The server closed a connection in the middle."""

    def __init__(self, why: Exception | None) -> None:
        super().__init__(f"Expected the server to keep its connections open, but {why or 'EOF'}")


class Connection(asyncio.Protocol):
    """Sends the next request as soon as the last one is answered, until there are no more."""

    def __init__(self, requests: Iterator[bytes], latencies: list[float]) -> None:
        self._requests = requests
        self._latencies = latencies
        self._answer = bytearray()
        self._sent_at = 0.0
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        self._send_next()

    def data_received(self, data: bytes) -> None:
        """Collect an answer and go on once it is whole."""
        self._answer += data
        end = _whole(self._answer)
        if end is None:
            return
        self._latencies.append(perf_counter() - self._sent_at)
        answer = bytes(self._answer[:end])
        del self._answer[:end]
        if answer.startswith(b"HTTP/1.1 200 "):
            self._send_next()
        else:
            self._finish(NotAccepted(answer))

    def connection_lost(self, exc: Exception | None) -> None:
        """Take an early end for a failure."""
        self._finish(HungUp(exc))

    def _send_next(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self._finish(None)
            return
        self._sent_at = perf_counter()
        self._transport.write(request)

    def _finish(self, error: Exception | None) -> None:
        if self.finished.done():
            return
        if error is None:
            self.finished.set_result(None)
        else:
            self.finished.set_exception(error)
        self._transport.close()


def post_requests(url: str, path: str, write_key: str, bodies: Iterable[bytes]) -> list[bytes]:
    """Write whole HTTP requests beforehand, so that sending costs next to nothing."""
    credentials = b64encode(f"{write_key}:".encode()).decode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\n"
        f"Authorization: Basic {credentials}\r\nContent-Type: application/json\r\n"
    ).encode()
    return [b"%bContent-Length: %d\r\n\r\n%b" % (head, len(body), body) for body in bodies]


def send(url: str, requests: Sequence[bytes], connections: int) -> Load:
    """Send the requests in order over so many connections. Raises `NotAccepted`, `HungUp`."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_send(url, requests, connections))


async def _send(url: str, requests: Sequence[bytes], connections: int) -> Load:
    address = urlsplit(url)
    where = address.hostname or "", address.port or 80
    waiting, latencies = iter(requests), list[float]()
    loop = asyncio.get_running_loop()
    started = perf_counter()
    opened = [
        await loop.create_connection(lambda: Connection(waiting, latencies), *where)
        for _ in range(connections)
    ]
    await asyncio.gather(*[connection.finished for _, connection in opened])
    return Load(perf_counter() - started, latencies)


def _whole(answer: bytearray) -> int | None:
    """Find the end of the first answer; None as long as it is not all there."""
    head_end = answer.find(HEAD_END)
    if head_end < 0:
        return None
    head = bytes(answer[:head_end]).lower()
    length = head.partition(LENGTH)[2].partition(b"\r\n")[0]
    end = head_end + len(HEAD_END) + int(length or 0)
    return end if len(answer) >= end else None
