"""Clients that send until they are answered, and remember what was."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any

import httpx

from scripts.faults_calls import Client

BATCH = 100
"""Calls of a request."""

PAUSE = 0.05
"""Seconds before the same bytes are sent again."""

ANSWER_WITHIN = 30.0
FINISH_WITHIN = 120.0
"""Seconds after the last fault in which every batch under way must be answered."""

AGAIN = {429, 503}


class Record:
    """What became of all calls. `unsure` were sent and never answered: once or not at all."""

    def __init__(self) -> None:
        self.acknowledged: set[str] = set()
        self.unsure: set[str] = set()
        self.refused: list[str] = []
        self.answered_at: list[float] = []
        self._lock = Lock()

    def acknowledge(self, message_ids: list[str], answer: dict[str, Any]) -> None:
        """Note a batch that was answered 200."""
        with self._lock:
            self.answered_at.append(monotonic())
            self.acknowledged.update(message_ids)
            if answer.get("rejected"):
                self.refused.append(str(answer["rejected"][:3]))

    def leave(self, message_ids: list[str]) -> None:
        """Note a batch that was given up."""
        with self._lock:
            self.unsure.update(message_ids)

    def stop(self, answer: httpx.Response) -> None:
        """Note an answer that no client may ever get for such calls."""
        with self._lock:
            self.refused.append(f"{answer.status_code}: {answer.text[:300]}")


class Load:
    """Several clients, together at most `rate` calls a second, behind which they catch up."""

    def __init__(
        self, seed: int, clients: int, rate: float, urls: Callable[[], tuple[str, ...]], key: str
    ) -> None:
        self.record = Record()
        self.tap: Callable[[bytes], None] | None = None
        self._urls = urls
        self._key = key
        self._pause = BATCH * clients / rate
        self._began_at = monotonic()
        self._finished, self._given_up = Event(), Event()
        self._threads = [
            Thread(target=self._run, args=(Client(seed, number, clients), number), daemon=True)
            for number in range(clients)
        ]

    @contextmanager
    def running(self) -> Iterator[Record]:
        """Send for as long as the block runs, then until what was begun is answered."""
        for thread in self._threads:
            thread.start()
        try:
            yield self.record
        finally:
            self._finished.set()
            give_up = monotonic() + FINISH_WITHIN
            for thread in self._threads:
                thread.join(max(0.0, give_up - monotonic()))
            self._given_up.set()
            for thread in self._threads:
                thread.join(ANSWER_WITHIN + 1)

    def _run(self, client: Client, number: int) -> None:
        with httpx.Client(auth=(self._key, ""), timeout=ANSWER_WITHIN, trust_env=False) as http:
            for turn in count():
                due = self._began_at + turn * self._pause
                if self._finished.wait(max(0.0, due - monotonic())):
                    return
                self._send(http, client, number)

    def _send(self, http: httpx.Client, client: Client, number: int) -> None:
        message_ids, body = client.batch(BATCH)
        for attempt in count(number):
            if self._given_up.is_set():
                self.record.leave(message_ids)
                return
            if self.tap is not None:
                self.tap(body)
            answer = self._answer(http, body, attempt)
            if answer is not None and answer.is_success:
                self.record.acknowledge(message_ids, answer.json())
                return
            if answer is not None and answer.status_code not in AGAIN:
                self.record.stop(answer)
                self.record.leave(message_ids)
                return
            self._given_up.wait(PAUSE)

    def _answer(self, http: httpx.Client, body: bytes, attempt: int) -> httpx.Response | None:
        """Send once, to another gateway than the last time if there is one."""
        urls = self._urls()
        url = urls[attempt % len(urls)]
        try:
            return http.post(
                f"{url}/v1/batch", content=body, headers={"content-type": "application/json"}
            )
        except httpx.TransportError:
            return None
