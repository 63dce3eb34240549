"""A real Onefold in a process of its own: started as a user would, ended by its pid."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

WRITE_KEY, API_TOKEN = "wk_tests", "at_tests"
MARK = "TESTS_OF_ONEFOLD_SERVER"
ONEFOLD = [sys.executable, "-c", "from service.cli import main; main()"]


class Server:
    """A running server and what tests ask of it."""

    def __init__(
        self, process: subprocess.Popen[str], data: Path, announced: dict[str, Any], mark: str
    ) -> None:
        self.process = process
        self.data = data
        self.announced = announced
        url = self.url = announced["url"]
        self._mark = f"{MARK}={mark}".encode()
        self.ingest = httpx.Client(base_url=url, auth=(WRITE_KEY, ""), timeout=60)
        self.api = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {API_TOKEN}"}, timeout=60
        )

    def enter(self, write_key: str, api_token: str) -> None:
        """Use other keys than those of the tests."""
        self.ingest.auth = (write_key, "")
        self.api.headers["Authorization"] = f"Bearer {api_token}"

    def send(self, *calls: dict[str, Any]) -> dict[str, Any]:
        """Post one batch and expect it to be durable."""
        response = self.ingest.post("/v1/batch", json={"batch": calls})
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        assert answer["success"] is True
        return answer

    def customer(self, cid: str) -> dict[str, Any]:
        """Read a customer that must be there."""
        document: dict[str, Any] = self._read(f"/api/v1/customers/{cid}")
        return document

    def visitor(self, uid: str) -> dict[str, Any]:
        """Read a visitor that must be there."""
        document: dict[str, Any] = self._read(f"/api/v1/visitors/{uid}")
        return document

    def timeline(self, path: str, **params: Any) -> dict[str, Any]:
        """Read a page of a timeline."""
        page: dict[str, Any] = self._read(f"/api/v1/{path}/timeline", **params)
        return page

    def stats(self) -> dict[str, int]:
        """Read the counters."""
        counters: dict[str, int] = self._read("/api/v1/stats")
        return counters

    def pids(self, actor: str) -> list[int]:
        """Find the processes of an actor class of this server, by the mark they inherited."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdecimal():
                continue
            try:
                title = (entry / "cmdline").read_bytes()
                if title.startswith(b"ray::" + actor.encode()) and self._mark in (
                    entry / "environ"
                ).read_bytes().split(b"\0"):
                    found.append(int(entry.name))
            except OSError:  # it ended while we looked
                continue
        return found

    def close(self) -> None:
        """Let go of the connections."""
        self.ingest.close()
        self.api.close()

    def _read(self, path: str, **params: Any) -> Any:
        response = self.api.get(path, params=params)
        assert response.status_code == 200, (path, response.status_code, response.text)
        return response.json()


@contextmanager
def serving(data: Path, *options: str, **environ: str) -> Iterator[Server]:
    """Run `onefold serve` on a data folder for as long as the block runs."""
    mark = uuid4().hex
    process = subprocess.Popen(
        [*ONEFOLD, "serve", "--data", str(data), "--port", "0", "--json", *options],
        stdout=subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            "ONEFOLD_WRITE_KEY": WRITE_KEY,
            "ONEFOLD_API_TOKEN": API_TOKEN,
            MARK: mark,
            **environ,
        },
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line, f"the server ended with exit code {process.wait()}"
        server = Server(process, data, json.loads(line), mark)
        try:
            yield server
        finally:
            server.close()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        process.stdout.close()
