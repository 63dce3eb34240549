"""A server of our own in a process of its own: started, asked over HTTP, stopped by SIGTERM."""

import json
import os
import secrets
import select
import signal
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from types import FrameType
from typing import IO, Any, Final, cast

import httpx
import msgspec

READY_WITHIN = 120.0
"""Seconds from the start of the process to its line that says where it listens."""

STOP_WITHIN = 60.0
"""Seconds from SIGTERM to the end of the process."""

SHOWN = 4_000
"""Characters of the server's own words that an error repeats."""

COUNTS: Final = (
    "activities",
    "visitors",
    "customers",
    "folds",
    "refusals",
    "rejections",
    "duplicates",
)
"""What `Server.counts` gives."""


class Server(msgspec.Struct, frozen=True):
    """A server that answers at `url`; `log` holds what it says on standard error."""

    url: str
    write_key: str
    api_token: str
    pid: int
    log: Path

    def read(self, path: str) -> dict[str, Any]:
        """Ask for a JSON object; `path` as in `/api/v1/stats`. Raises `httpx.HTTPError`."""
        headers = {"Authorization": f"Bearer {self.api_token}"}
        answer = httpx.get(self.url + path, headers=headers, timeout=30, trust_env=False)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def counts(self) -> dict[str, int]:
        """Count everything that the server has taken since its folder was new."""
        stats = self.read("/api/v1/stats")
        return {name: stats[name] for name in COUNTS}


class ServerNotReady(Exception):
    """The process ended, or said nothing, before it was ready."""

    def __init__(self, found: str, said: str) -> None:
        super().__init__(f"Expected the server to say that it is ready, but {found}. {said}")
        self.found = found
        self.said = said


class ServerNotStopped(Exception):
    """The process did not end well after SIGTERM."""

    def __init__(self, found: str, said: str) -> None:
        super().__init__(f"Expected the server to stop with exit code 0, but {found}. {said}")
        self.found = found
        self.said = said


@contextmanager
def running(
    data: Path,
    hosts: int | None = None,
    store: str | None = None,
    settings: Mapping[str, str] | None = None,
    host: str = "127.0.0.1",
) -> Iterator[Server]:
    """Run a server on a data folder for as long as the block runs.

    It has keys of its own, unless `settings` holds some, and hears nothing of our environment's
    settings; `hosts` None leaves their number to it, `store` None its store. It listens on the
    address `host`. Raises `ServerNotReady`, and `ServerNotStopped` when the block ended well.
    """
    with tempfile.TemporaryDirectory(prefix="onefold-server-") as elsewhere:
        log = Path(elsewhere) / "log"
        keys = {
            "ONEFOLD_WRITE_KEY": secrets.token_urlsafe(24),
            "ONEFOLD_API_TOKEN": secrets.token_urlsafe(24),
            **(settings or {}),
        }
        environ = keys if store is None else {**keys, "ONEFOLD_STORE": store}
        _end_properly_when_told()
        process = _start(data.resolve(), hosts, environ, log, host)
        try:
            url = _url_when_ready(process, log)
            yield Server(
                url, keys["ONEFOLD_WRITE_KEY"], keys["ONEFOLD_API_TOKEN"], process.pid, log
            )
        except BaseException:
            _stop(process)
            raise
        found = _stop(process)
        if found is not None:
            raise ServerNotStopped(found, _said(log))


def _end_properly_when_told() -> None:
    """Let SIGTERM and a closed terminal end us as Ctrl-C does, so that no server is left behind."""

    def leave(number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)


def _start(
    data: Path, hosts: int | None, environ: dict[str, str], log: Path, host: str
) -> subprocess.Popen[bytes]:
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith("ONEFOLD_")
    }
    command: list[str | Path] = [Path(sys.executable).with_name("onefold"), "serve", "--json"]
    command += ["--data", data, "--host", host, "--port", "0"]
    if hosts is not None:
        command += ["--hosts", str(hosts)]
    with log.open("wb") as said:
        return subprocess.Popen(
            command,
            cwd=log.parent,
            env=inherited | environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            start_new_session=True,  # Ctrl-C is for us; the server then hears SIGTERM, once
        )


def _url_when_ready(process: subprocess.Popen[bytes], log: Path) -> str:
    stdout = cast("IO[bytes]", process.stdout)
    try:
        url = _url_said(process, stdout, log)
    except BaseException:
        stdout.close()
        raise
    Thread(target=_drain, args=(stdout,), daemon=True).start()
    return url


def _url_said(process: subprocess.Popen[bytes], stdout: IO[bytes], log: Path) -> str:
    if not select.select([stdout], [], [], READY_WITHIN)[0]:
        why = f"it was silent for {READY_WITHIN:.0f} s"
        raise ServerNotReady(why, _said(log))
    line = stdout.readline()
    if not line:
        why = f"it ended with exit code {process.wait()}"
        raise ServerNotReady(why, _said(log))
    try:
        url: str = json.loads(line)["url"]
    except (ValueError, KeyError, TypeError):
        why = f"its first line was {line[:200]!r}"
        raise ServerNotReady(why, _said(log)) from None
    return url


def _drain(stream: IO[bytes]) -> None:
    with stream:
        deque(stream, maxlen=0)


def _stop(process: subprocess.Popen[bytes]) -> str | None:
    """Stop a server; tells what went wrong."""
    process.terminate()
    try:
        code = process.wait(STOP_WITHIN)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return f"it was still there after {STOP_WITHIN:.0f} s and was killed"
    return None if code == 0 else f"it ended with {code}"


def _said(log: Path) -> str:
    said = log.read_text(errors="replace").strip()
    return f"It said:\n{said[-SHOWN:]}" if said else "It said nothing."
