"""Reads the whole log afterwards and says what is not as it was promised."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from domain.draft import TALLIES, Recorded
from domain.events import (
    ActivityTracked,
    AttributesSet,
    CustomerBorn,
    Folded,
    Merged,
    VisitorBorn,
)
from domain.instants import Instant
from scripts.faults_load import Record
from store.archive import Store

PAGE = 10_000
SHOWN = 5
"""Examples of each kind of finding that are told."""

KINDS: Final = (
    "lost",
    "doubled",
    "order violations",
    "two owners",
    "half merges",
    "gaps in streams",
    "unreadable events",
    "foreign calls",
    "wrong counters",
    "wrong directory rows",
)


class Findings:
    """What is wrong, counted by kind, with some examples of each."""

    def __init__(self) -> None:
        self.counts = dict.fromkeys(KINDS, 0)
        self.examples: dict[str, list[str]] = {}

    def add(self, kind: str, what: str) -> None:
        """Note one more."""
        self.counts[kind] += 1
        examples = self.examples.setdefault(kind, [])
        if len(examples) < SHOWN:
            examples.append(what)

    def __bool__(self) -> bool:
        """Tell whether there are any."""
        return any(self.counts.values())


class LogCheck:
    """What the log has told so far. Events are to be given in its order, each once."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.applied: set[str] = set()
        self.tallies: Counter[str] = Counter()
        self.events = 0
        self.clocks_apart = 0.0
        self._latest = 0
        self._versions: dict[UUID, int] = {}
        self._uids: dict[UUID, str] = {}
        self._cids: dict[UUID, str] = {}
        self._streams: dict[tuple[str, str], UUID] = {}
        self._last: dict[str, int] = {}
        self._folded: dict[UUID, Folded] = {}
        self._merged: dict[UUID, Merged] = {}
        self.owners: dict[str, str] = {}

    def take(self, recorded: Recorded) -> None:
        """Take one event in."""
        self.events += 1
        event, stream = recorded.event, recorded.profile_id
        self._compare_clocks(event.moment.recorded_at)
        self._count_version(stream, recorded.version)
        for name, delta in TALLIES.get(type(event), ()):
            self.tallies[name] += delta
        match event:
            case ActivityTracked() | AttributesSet():
                self._apply(event.moment.message_id)
            case VisitorBorn():
                self._uids[stream] = event.uid
                self._bear("UID", event.uid, stream)
            case CustomerBorn():
                self._cids[stream] = event.cid
                self._bear("CID", event.cid, stream)
            case Folded():
                self._fold(stream, recorded.version, event)
            case Merged():
                self._merge(stream, event)
            case _:
                pass

    def finish(self) -> None:
        """Say what is missing now that the log is at its end: halves of merges."""
        for stream in self._folded.keys() - self._merged.keys():
            self.findings.add("half merges", f"{self._uids[stream]} is folded, not merged")
        for stream in self._merged.keys() - self._folded.keys():
            self.findings.add("half merges", f"{self._merged[stream].uid} is merged, not folded")

    def _compare_clocks(self, recorded_at: Instant) -> None:
        """Note by how many seconds an event is recorded before one that it stands behind."""
        self._latest = max(self._latest, recorded_at)
        self.clocks_apart = max(self.clocks_apart, (self._latest - recorded_at) / 1e6)

    def _count_version(self, stream: UUID, version: int) -> None:
        expected = self._versions.get(stream, 0) + 1
        if version != expected:
            what = f"stream {stream} goes on with version {version}, not {expected}"
            self.findings.add("gaps in streams", what)
        if stream in self._folded:
            what = f"{self._uids[stream]} was folded and has an event {version} after that"
            self.findings.add("half merges", what)
        self._versions[stream] = version

    def _apply(self, message_id: str) -> None:
        """Note that a call took effect: once only, and behind the earlier ones of its UID."""
        if message_id in self.applied:
            self.findings.add("doubled", message_id)
            return
        self.applied.add(message_id)
        uid, _, number = message_id.rpartition(":")
        if not number.isdecimal():
            return
        if int(number) < self._last.get(uid, 0):
            what = f"call {number} of {uid} stands behind its call {self._last[uid]}"
            self.findings.add("order violations", what)
        else:
            self._last[uid] = int(number)

    def _bear(self, kind: str, value: str, stream: UUID) -> None:
        first = self._streams.setdefault((kind, value), stream)
        if first != stream:
            self.findings.add("two owners", f"{kind} {value} was born in {first} and in {stream}")

    def _fold(self, stream: UUID, version: int, event: Folded) -> None:
        self._folded[stream] = event
        uid = self._uids[stream]
        self._own(uid, event.cid)
        merged = self._merged.get(stream)
        if merged is not None and merged.visitor_version != version:
            what = f"{uid} was folded at {version}, merged at {merged.visitor_version}"
            self.findings.add("half merges", what)

    def _merge(self, stream: UUID, event: Merged) -> None:
        """Note the other half: in the right customer, once, where the visitor was closed."""
        if event.visitor_id in self._merged:
            self.findings.add("two owners", f"{event.uid} was merged twice")
        self._merged[event.visitor_id] = event
        self._own(event.uid, self._cids.get(stream, f"stream {stream}"))
        closed = self._versions.get(event.visitor_id)
        if event.visitor_id in self._folded and closed != event.visitor_version:
            what = f"{event.uid} was merged at {event.visitor_version}, folded at {closed}"
            self.findings.add("half merges", what)

    def _own(self, uid: str, cid: str) -> None:
        first = self.owners.setdefault(uid, cid)
        if first != cid:
            self.findings.add("two owners", f"{uid} belongs to {first} and to {cid}")


def check_log(store: Store, record: Record) -> tuple[LogCheck, Findings]:
    """Read the log in pages and compare it with what the clients remember."""
    findings = Findings()
    check = LogCheck(findings)
    at = 0
    while (page := store.page(at, PAGE)).last is not None:
        for _, recorded in page.events:
            check.take(recorded)
        for unopened in page.unopened:
            findings.add("unreadable events", f"position {unopened.position}: {unopened.error}")
        at = page.last[0]
    check.finish()
    _compare(check, record)
    _count(check.tallies, store.backend.tallies(), findings)
    _look_up(store, check.owners, findings)
    return check, findings


def _compare(check: LogCheck, record: Record) -> None:
    for message_id in sorted(record.acknowledged - check.applied):
        check.findings.add("lost", f"{message_id} was answered 200 and is not in the log")
    for message_id in sorted(check.applied - record.acknowledged - record.unsure):
        check.findings.add("foreign calls", f"{message_id} is in the log and was never sent")


def _count(told: Mapping[str, int], counters: Mapping[str, int], findings: Findings) -> None:
    names = sorted({name for pairs in TALLIES.values() for name, _ in pairs})
    for name in names:
        if told.get(name, 0) != counters.get(name, 0):
            what = f"{name}: {counters.get(name, 0):,} counted, {told.get(name, 0):,} in the log"
            findings.add("wrong counters", what)


def _look_up(store: Store, owners: Mapping[str, str], findings: Findings) -> None:
    for uids in _portions(list(owners)):
        entries = store.find("uid", uids)
        for uid in uids:
            entry = entries.get(uid)
            if entry is None or entry.owner != owners[uid]:
                what = f"{uid} belongs to {owners[uid]}, its row says {entry}"
                findings.add("wrong directory rows", what)


def _portions(values: list[str]) -> Iterable[list[str]]:
    return (values[at : at + 500] for at in range(0, len(values), 500))
