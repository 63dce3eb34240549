"""A reverse proxy that lets chosen requests go wrong and remembers them all."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Condition
from time import monotonic
from typing import Any

import anyio
import h11
import httpx
import msgspec
from anyio.abc import ByteStream, SocketAttribute, TaskStatus
from anyio.from_thread import start_blocking_portal

from service.wire.bodies import unpacked
from tests.clients.faults import FAIR, Answer, Fault

CHUNK = 65_536
BODY_LIMIT = 1 << 20
PATIENCE = 60.0
"""Seconds that a test waits for what must come."""

HOP = {b"connection", b"keep-alive", b"transfer-encoding", b"content-length"}
"""Headers that are about one connection."""


class Seen(msgspec.Struct, frozen=True):
    """One request as it was answered; `status` is None when it was cut off, `at` in seconds."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    status: int | None
    at: float

    @property
    def calls(self) -> list[dict[str, Any]]:
        """The calls in it."""
        if self.method != "POST" or not self.body:
            return []
        encoding = self.headers.get("content-encoding")
        body = msgspec.json.decode(unpacked(self.body, encoding, BODY_LIMIT))
        calls: list[dict[str, Any]] = body.get("batch", [body])
        return calls

    @property
    def message_ids(self) -> list[str]:
        """The message ids of its calls."""
        return [call["messageId"] for call in self.calls]


class Proxy:
    """Passes requests on; each fault befalls one request with calls, in the order given."""

    def __init__(self, upstream: str, faults: Iterable[Fault]) -> None:
        self.url = ""
        self.faults = deque(faults)
        self.seen: list[Seen] = []
        self._upstream = upstream
        self._news = Condition()

    @property
    def posts(self) -> list[Seen]:
        """The requests with calls, in order of their answers."""
        return [seen for seen in self.seen if seen.method == "POST"]

    def acknowledged(self) -> set[str]:
        """Give the message ids that were answered 200."""
        return {each for seen in self.posts if seen.status == 200 for each in seen.message_ids}

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait until requests have brought about what a test is waiting for."""
        with self._news:
            came = self._news.wait_for(condition, PATIENCE)
        said = [(seen.method, seen.path, seen.status, seen.message_ids) for seen in self.seen]
        assert came, f"Expected more within {PATIENCE:.0f} s, but there was: {said}"

    async def serve(self, *, task_status: TaskStatus[None]) -> None:
        """Serve on a port of its own until cancelled."""
        async with (
            httpx.AsyncClient(base_url=self._upstream, timeout=30, trust_env=False) as self._client,
            await anyio.create_tcp_listener(local_host="127.0.0.1") as listener,
        ):
            port = listener.extra(SocketAttribute.local_port)  # noqa: S610 - no Django here
            self.url = f"http://127.0.0.1:{port}"
            task_status.started()
            await listener.serve(self._converse)

    async def _converse(self, stream: ByteStream) -> None:
        """Answer the requests of one connection."""
        connection = h11.Connection(h11.SERVER)
        async with stream:
            try:
                while await self._exchange(connection, stream):
                    connection.start_next_cycle()
            except (anyio.BrokenResourceError, anyio.EndOfStream):
                return  # the client has gone

    async def _exchange(self, connection: h11.Connection, stream: ByteStream) -> bool:
        """Answer one request; tells whether the connection can take another."""
        request = await _event(connection, stream)
        if not isinstance(request, h11.Request):
            return False
        body = bytearray()
        while isinstance(data := await _event(connection, stream), h11.Data):
            body += data.data
        answer = await self._answer(request, bytes(body))
        if answer is None:
            return False
        head, content = answer
        for event in (head, h11.Data(data=content), h11.EndOfMessage()):
            await stream.send(connection.send(event) or b"")
        return connection.our_state is h11.DONE

    async def _answer(self, request: h11.Request, body: bytes) -> tuple[h11.Response, bytes] | None:
        fault = self.faults.popleft() if request.method == b"POST" and self.faults else FAIR
        head, content = await self._upstream_answer(request, body[: int(len(body) * fault.share)])
        status = head.status_code if fault.answer is Answer.OWN else fault.answer
        if status is Answer.CUT:
            self._remember(request, body, None)
            return None
        self._remember(request, body, status)
        headers = list(head.headers)
        if fault.retry_after is not None:
            headers.append((b"retry-after", b"%d" % fault.retry_after))
        return h11.Response(status_code=status, headers=headers), content

    async def _upstream_answer(
        self, request: h11.Request, body: bytes
    ) -> tuple[h11.Response, bytes]:
        """Ask the server; without a body as a stranger, only for the headers of its answers."""
        unsaid = HOP if body or request.method != b"POST" else HOP | {b"authorization"}
        headers = [(name, value) for name, value in request.headers if name not in unsaid]
        answer = await self._client.request(
            request.method.decode(), request.target.decode(), headers=headers, content=body
        )
        mute = HOP | {b"content-encoding"}  # what comes out of httpx is unpacked
        kept = [(name, value) for name, value in answer.headers.raw if name.lower() not in mute]
        kept.append((b"content-length", b"%d" % len(answer.content)))
        return h11.Response(status_code=answer.status_code, headers=kept), answer.content

    def _remember(self, request: h11.Request, body: bytes, status: int | None) -> None:
        headers = {name.decode(): value.decode() for name, value in request.headers}
        method, path = request.method.decode(), request.target.decode()
        with self._news:
            self.seen.append(Seen(method, path, headers, body, status, monotonic()))
            self._news.notify_all()


async def _event(connection: h11.Connection, stream: ByteStream) -> h11.Event | type:
    while (event := connection.next_event()) is h11.NEED_DATA:
        try:
            connection.receive_data(await stream.receive(CHUNK))
        except anyio.EndOfStream:
            connection.receive_data(b"")
    return event


@contextmanager
def between(upstream: str, faults: Iterable[Fault] = ()) -> Iterator[Proxy]:
    """Run a proxy in front of a server for as long as the block runs."""
    proxy = Proxy(upstream, faults)
    with start_blocking_portal() as portal:
        serving, _ = portal.start_task(proxy.serve)
        try:
            yield proxy
        finally:
            serving.cancel()
