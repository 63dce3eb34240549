"""Sends files of calls, one JSON object a line, to a running Onefold.

Every line has a message id, its own or one made from its content and place, so that importing
a file again changes nothing, wherever the first attempt stopped.
"""

import asyncio
import gzip
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

import httpx
import msgspec

CALLS = 500
BODY = 3_000_000
"""A batch ends at this many calls or bytes: both well inside the server's limits."""

UNDER_WAY = 4
ATTEMPTS = 60


class Line(msgspec.Struct, frozen=True):
    """One call and where it stands."""

    path: Path
    number: int
    call: bytes


class BadLine(msgspec.Struct, frozen=True):
    """A line that was not taken, and why."""

    file: str
    line: int
    code: str
    message: str


class Imported(msgspec.Struct):
    """What became of an import: `sent` lines reached the server, `bad` ones were not taken."""

    sent: int = 0
    bad: list[BadLine] = []


class ImportFailed(Exception):
    """The server cannot take the calls."""

    def __init__(self, url: str, why: str) -> None:
        super().__init__(f"Expected {url} to take the calls, but {why}")
        self.url = url


async def import_files(
    paths: list[Path], url: str, write_key: str, on_bytes: Callable[[int], None]
) -> Imported:
    """Send files; `on_bytes` is told of progress in bytes of file read.

    Raises `ImportFailed` when the server refuses the key or stays away; what was sent until
    then is durable.
    """
    done = Imported()
    async with httpx.AsyncClient(
        base_url=url, auth=(write_key, ""), timeout=60, limits=httpx.Limits(max_connections=8)
    ) as client:
        waiting: set[asyncio.Task[None]] = set()
        for batch in _batches(paths, done, on_bytes):
            if len(waiting) >= UNDER_WAY:
                finished, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for task in finished:
                    task.result()
            waiting.add(asyncio.create_task(_send(client, batch, done)))
        await asyncio.gather(*waiting)
    return done


def total_bytes(paths: list[Path]) -> int:
    """Give the size of the files, as `on_bytes` will count it."""
    return sum(path.stat().st_size for path in paths)


async def _send(client: httpx.AsyncClient, batch: list[Line], done: Imported) -> None:
    body = b'{"batch":[' + b",".join(line.call for line in batch) + b"]}"
    answer = await _answered(client, body)
    for rejected in answer.get("rejected", ()):
        line = batch[rejected["index"]]
        done.bad.append(BadLine(str(line.path), line.number, rejected["code"], rejected["message"]))
    done.sent += len(batch)


async def _answered(client: httpx.AsyncClient, body: bytes) -> dict[str, Any]:
    why = "it never answered"
    for attempt in range(ATTEMPTS):
        pause = min(0.1 * 2**attempt, 5.0)
        try:
            response = await client.post("/v1/batch", content=body)
        except httpx.TransportError as error:
            why = str(error) or type(error).__name__
        else:
            if response.status_code == httpx.codes.OK:
                answer: dict[str, Any] = response.json()
                return answer
            why = f"it answered {response.status_code}: {response.text[:200]}"
            if response.status_code not in {429, 503}:
                break
            pause = float(response.headers.get("Retry-After", pause))
        await asyncio.sleep(pause)
    raise ImportFailed(str(client.base_url), why)


def _batches(
    paths: list[Path], done: Imported, on_bytes: Callable[[int], None]
) -> Iterator[list[Line]]:
    batch: list[Line] = []
    size = 0
    for line in _lines(paths, done, on_bytes):
        if batch and (len(batch) == CALLS or size + len(line.call) > BODY):
            yield batch
            batch, size = [], 0
        batch.append(line)
        size += len(line.call) + 1
    if batch:
        yield batch


def _lines(paths: list[Path], done: Imported, on_bytes: Callable[[int], None]) -> Iterator[Line]:
    for path in paths:
        with path.open("rb") as raw:
            file_id = b""
            read = 0
            for number, text in enumerate(_opened(raw), start=1):
                on_bytes(raw.tell() - read)
                read = raw.tell()
                file_id = file_id or hashlib.sha256(text).digest()
                if text.strip():
                    yield from _line(path, number, text.strip(), file_id, done)


def _opened(raw: BinaryIO) -> BinaryIO:
    is_gzip = raw.read(2) == b"\x1f\x8b"
    raw.seek(0)
    return gzip.open(raw) if is_gzip else raw  # type: ignore[return-value]  # reads like a BinaryIO


def _line(path: Path, number: int, text: bytes, file_id: bytes, done: Imported) -> Iterator[Line]:
    try:
        call = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        message = f"Expected a JSON object: {error}"
        done.bad.append(BadLine(str(path), number, "invalid_json", message))
        return
    # Clock skew is told from when a call is sent, and that is now: the file's word is old.
    is_changed = call.pop("sentAt", None) is not None
    if bytes(call.get("messageId", b"null")) in {b"null", b'""'}:
        is_changed = True
        digest = hashlib.sha256(b"%b %d %b" % (file_id, number, text)).digest()
        call["messageId"] = msgspec.Raw(b'"import-%b"' % str(UUID(bytes=digest[:16])).encode())
    yield Line(path, number, msgspec.json.encode(call) if is_changed else text)
