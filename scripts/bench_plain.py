"""The plain way: an application that saves each call, as its library's tutorial shows."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec
from eventsourcing.application import AggregateNotFoundError, Application
from eventsourcing.domain import Aggregate, event

from scripts.bench_calls import BenchCall
from scripts.bench_machine import bytes_in


class Plain(msgspec.Struct, frozen=True):
    """How it went."""

    calls: int
    visitors: int
    seconds: float
    bytes_on_disk: int


class Visitor(Aggregate):
    """Whoever has a UID; its events are all it is."""

    def __init__(self, uid: str) -> None:
        self.uid = uid
        self.activity_count = 0

    @staticmethod
    def create_id(uid: str) -> UUID:
        """Give the UID's stream."""
        return uuid5(NAMESPACE_URL, f"/visitors/{uid}")

    @event("Tracked")
    def track(self, name: str, call: dict[str, Any]) -> None:  # noqa: ARG002 - kept in the event
        """Note what the visitor did."""
        self.activity_count += 1


class Visitors(Application[UUID]):
    """The library's defaults, each call a transaction of its own."""

    def track(self, uid: str, name: str, call: dict[str, Any]) -> None:
        """Load the visitor, or make one; note the call; save."""
        try:
            visitor: Visitor = self.repository.get(Visitor.create_id(uid))
        except AggregateNotFoundError:
            visitor = Visitor(uid)
        visitor.track(name, call)
        self.save(visitor)


def whole_visitors(calls: Sequence[BenchCall], least: int) -> list[BenchCall]:
    """Choose visitors with all their calls, at least `least` calls together, in the order sent.

    So histories are on average as long as in the whole; the first calls alone would have none.
    """
    chosen: set[str] = set()
    total = 0
    for uid, count in Counter(call.uid for call in calls).items():
        if total >= least:
            break
        chosen.add(uid)
        total += count
    return [call for call in calls if call.uid in chosen]


def measure_plain(calls: Sequence[BenchCall], folder: Path) -> Plain:
    """Save calls one by one into an SQLite file in the folder, which must be there."""
    file = folder / "plain.db"
    with Visitors(
        {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(file)}
    ) as app:
        decoded = [(call.uid, call.name, msgspec.json.decode(call.body)) for call in calls]
        started = perf_counter()
        for uid, name, call in decoded:
            app.track(uid, name, call)
        seconds = perf_counter() - started
    return Plain(len(calls), len({call.uid for call in calls}), seconds, bytes_in(folder))
