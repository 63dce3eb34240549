"""What the clients of a fault run send: calls whose ids say what must be found afterwards.

The message id of a client's own call is `uid:number`, and the numbers of a UID only grow; that of
a claim which another client makes on the UID is `uid:x...` and stands in no order.
"""

import random
from datetime import UTC, datetime, timedelta
from typing import Final

BEGIN: Final = datetime(2026, 10, 1, tzinfo=UTC)
STEP: Final = timedelta(minutes=7)

AT_ONCE = 150
"""UIDs of a client that are active at the same time."""

LIFE: Final = (20, 40)
"""Calls of a UID."""

HOT = 2
"""UIDs of a client that stay for the whole run."""

IDENTIFYING = 0.6
"""Share of the UIDs that say, at some time, whose they are."""

CLAIMING = 0.04
"""Share of the calls that identify the UID of another client, racing with its own calls."""

CONTESTING = 0.25
"""Share of those that name a customer of their own: the UID can belong to one only."""


class Life:
    """One UID of a client: how many calls it has made and has left."""

    def __init__(self, uid: str, calls: int, identifies_at: int | None) -> None:
        self.uid = uid
        self.made = 0
        self.left = calls
        self.identifies_at = identifies_at
        self.tells_cid = False

    def is_due(self) -> bool:
        """Tell whether it is to say now whose it is."""
        at = self.identifies_at
        return at is not None and self.made > at and not self.tells_cid

    def next_id(self) -> str:
        """Give the message id of its next call."""
        self.made += 1
        self.left -= 1
        return f"{self.uid}:{self.made}"


class Client:
    """Makes the batches of one client, of `clients`. The same seed makes the same batches."""

    def __init__(self, seed: int, number: int, clients: int) -> None:
        self._chance = random.Random(f"{seed}-{number}")  # noqa: S311 - as in the schedule
        self._seed = seed
        self._number = number
        self._clients = clients
        self._born = 0
        self._claims = 0
        self._lives = [self._live() for _ in range(AT_ONCE)]
        for life in self._lives[:HOT]:
            life.left = 10**9

    def batch(self, size: int) -> tuple[list[str], bytes]:
        """Make the next batch: its message ids, and the request's body."""
        used, settled = set[str](), set[str]()
        calls: list[tuple[str, str]] = []
        while len(calls) < size:
            if self._chance.random() < CLAIMING:
                calls.append(self._claim())
                continue
            at = self._chance.randrange(AT_ONCE)
            life = self._lives[at]
            # Calls with and without the CID go to different hosts: in one batch they have no order.
            if life.uid in settled:
                continue
            is_due = life.is_due() and life.uid not in used
            calls.append(self._identified(life) if is_due else self._tracked(life))
            used.add(life.uid)
            if is_due:
                settled.add(life.uid)
            if life.left == 0:
                self._lives[at] = self._live()
        body = '{"batch":[' + ",".join(text for _, text in calls) + "]}"
        return [message_id for message_id, _ in calls], body.encode()

    def _live(self) -> Life:
        """Begin the life of the next UID."""
        calls = self._chance.randint(*LIFE)
        identifies = self._chance.random() < IDENTIFYING
        life = Life(
            self._uid(self._number, self._born),
            calls,
            self._chance.randrange(calls) if identifies else None,
        )
        self._born += 1
        return life

    def _identified(self, life: Life) -> tuple[str, str]:
        life.tells_cid = True
        message_id = life.next_id()
        common = _common(life.uid, message_id, life.made)
        return message_id, _identify(common, self._cid_of(life), message_id)

    def _tracked(self, life: Life) -> tuple[str, str]:
        message_id = life.next_id()
        common = _common(life.uid, message_id, life.made)
        named = f'"userId":"{self._cid_of(life)}",' if life.tells_cid else ""
        what = f'"type":"track","event":"View","properties":{{"n":{life.made}}}'
        return message_id, f"{{{common}{named}{what}}}"

    def _claim(self) -> tuple[str, str]:
        """Identify a UID of the next client, mostly as the customer it says it is itself."""
        other = (self._number + 1) % self._clients
        number = max(0, self._born - 1 - self._chance.randrange(AT_ONCE))
        self._claims += 1
        uid = self._uid(other, number)
        message_id = f"{uid}:x{self._number}-{self._claims}"
        cid = self._cid(other, number)
        if self._chance.random() < CONTESTING:
            cid = f"r{self._seed}-{self._number}-{number}"
        return message_id, _identify(_common(uid, message_id, LIFE[1]), cid, message_id)

    def _uid(self, client: int, number: int) -> str:
        return f"u{self._seed}-{client}-{number}"

    def _cid_of(self, life: Life) -> str:
        return self._cid(self._number, int(life.uid.rpartition("-")[2]))

    def _cid(self, client: int, number: int) -> str:
        """Name the customer of a UID: three UIDs, mostly of different clients, are one."""
        return f"c{self._seed}-{(number * self._clients + client) // 3}"


def _common(uid: str, message_id: str, number: int) -> str:
    at = (BEGIN + STEP * number).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return f'"anonymousId":"{uid}","messageId":"{message_id}","timestamp":"{at}",'


def _identify(common: str, cid: str, message_id: str) -> str:
    """Write an identify with news, so that an event tells of it."""
    traits = f'"traits":{{"last":"{message_id}","plan":"free"}}'
    return f'{{{common}"type":"identify","userId":"{cid}",{traits}}}'
