"""The checker finds what it looks for: each violation is planted once, in a log of its own."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import time_ns
from uuid import UUID

import pytest
from msgspec.structs import replace

from actors.host import ProfileHost
from actors.live import LiveProfiles
from actors.parcels import Parcel
from actors.placement import initial
from domain.draft import Draft, Recorded
from domain.events import ActivityTracked, Folded, Merged, VisitorBorn
from domain.identifiers import Uid
from domain.profile import Profile
from scripts.faults_calls import Client
from scripts.faults_check import Findings, check_log
from scripts.faults_load import Record
from service.config import Config
from service.wire.segment import read_batch
from store.backend import Write
from store.folder import DATABASE, prepare

NOW = 1_790_000_000_000_000
ALONE = Uid("alone")
UNUSED = UUID(int=7)


class Log:
    """A store with the calls of two clients in it, and a way to write what no host would."""

    def __init__(self, folder: Path) -> None:
        self.store = prepare(folder, {})
        self.record = Record()
        self._now = time_ns() // 1_000
        self._host = ProfileHost(
            self.store,
            initial(["host-0"]),
            name="host-0",
            owner="a test",
            live_profiles=1_000,
            now=lambda: self._now,
        )
        clients = [Client(7, number, 2) for number in range(2)]
        for _ in range(8):
            for client in clients:
                self.send(*client.batch(100))
        for number in (1, 2, 3):
            self.track(f"{ALONE}:{number}")

    def put_back(self, seconds: int) -> None:
        """Let the host's clock be behind from now on."""
        self._now -= seconds * 1_000_000

    def send(self, message_ids: list[str], body: bytes) -> None:
        commands = read_batch(body, Config().wire_rules(), "default", NOW).commands
        assert set(self._host.take([Parcel(command) for command in commands]).results) == {0}
        self.record.acknowledge(message_ids, {})

    def track(self, message_id: str) -> None:
        uid = message_id.partition(":")[0]
        call = f'"type":"track","event":"View","anonymousId":"{uid}","messageId":"{message_id}"'
        self.send([message_id], f'{{"batch":[{{{call}}}]}}'.encode())

    def draft(self) -> Draft:
        return Draft(LiveProfiles(self.store, 10, lambda: UNUSED), self.store.policies)

    def write(self, draft: Draft) -> None:
        lease = self.store.backend.take_lease("planting", "a test")
        self.store.commit(lease, draft, {})

    def visitor(self, uid: str) -> Profile:
        entry = self.store.find("uid", [uid])[uid]
        return self.store.profile(entry.profile_id)

    def customers(self) -> list[Profile]:
        """List customers that somebody was folded into."""
        found = self.store.page(0, 10_000).events
        ids = {recorded.profile_id for _, recorded in found if type(recorded.event) is Merged}
        return [self.store.profile(profile_id) for profile_id in sorted(ids)]

    def tracked(self, uid: str) -> ActivityTracked:
        history = self.store.history(self.visitor(uid).id)
        return next(r.event for r in history if isinstance(r.event, ActivityTracked))

    def findings(self) -> Findings:
        return check_log(self.store, self.record)[1]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    """A log that is as it was promised."""
    log = Log(tmp_path)
    yield log
    log.store.backend.close()


def found(findings: Findings) -> dict[str, int]:
    return {kind: count for kind, count in findings.counts.items() if count}


def test_a_log_as_promised_has_no_findings_and_all_calls(log: Log) -> None:
    check, findings = check_log(log.store, log.record)
    assert not findings
    assert check.applied == log.record.acknowledged
    assert check.tallies["folds"] > 20
    assert check.tallies["refusals"] > 0


def test_clocks_that_are_apart_are_told_and_are_no_finding(log: Log) -> None:
    log.put_back(600)
    log.track("behind:1")
    check, findings = check_log(log.store, log.record)
    assert not findings
    assert check.clocks_apart == 600


def test_a_call_that_is_not_there_is_lost(log: Log) -> None:
    log.record.acknowledged.add("u7-0-1:999")
    assert found(log.findings()) == {"lost": 1}


def test_a_call_that_was_never_answered_may_be_there_or_not(log: Log) -> None:
    log.record.acknowledged.remove(f"{ALONE}:3")
    log.record.leave([f"{ALONE}:3", f"{ALONE}:4"])
    assert not log.findings()


def test_a_call_that_nobody_sent_is_foreign(log: Log) -> None:
    log.record.acknowledged.remove(f"{ALONE}:3")
    assert found(log.findings()) == {"foreign calls": 1}


def test_a_call_that_took_effect_twice_is_doubled(log: Log) -> None:
    draft = log.draft()
    draft.record(log.visitor(ALONE), log.tracked(ALONE))
    log.write(draft)
    assert found(log.findings()) == {"doubled": 1}


def test_a_call_behind_a_later_one_of_its_uid_is_out_of_order(log: Log) -> None:
    log.track(f"{ALONE}:5")
    log.track(f"{ALONE}:4")
    assert found(log.findings()) == {"order violations": 1}


def test_a_uid_that_two_customers_merged_has_two_owners(log: Log) -> None:
    first, second = log.customers()[:2]
    history = log.store.history(first.id)
    merged = next(r.event for r in history if isinstance(r.event, Merged))
    draft = log.draft()
    draft.record(second, merged)
    log.write(draft)
    assert "two owners" in found(log.findings())


def test_a_uid_that_was_born_twice_has_two_owners(log: Log, tmp_path: Path) -> None:
    draft = log.draft()
    draft.bear(VisitorBorn(log.tracked(ALONE).moment, uid=ALONE))
    with closing(sqlite3.connect(tmp_path / DATABASE)) as file, file:
        file.execute("DELETE FROM directory WHERE value = ?", (ALONE,))
    log.write(draft)
    assert found(log.findings()) == {"two owners": 1}


def test_a_visitor_that_is_folded_and_not_merged_is_half_a_merge(log: Log) -> None:
    customer = log.customers()[0]
    assert customer.cid is not None
    draft = log.draft()
    moment = log.tracked(ALONE).moment
    draft.record(log.visitor(ALONE), Folded(moment, customer.cid, customer.id, "same_call"))
    draft.owners[ALONE] = customer.cid
    log.write(draft)
    assert found(log.findings()) == {"half merges": 1}


def test_a_visitor_that_is_merged_and_not_folded_is_half_a_merge(log: Log) -> None:
    customer = log.customers()[0]
    history = log.store.history(customer.id)
    merged = next(r.event for r in history if isinstance(r.event, Merged))
    visitor = log.visitor(ALONE)
    draft = log.draft()
    draft.record(customer, replace(merged, uid=ALONE, visitor_id=visitor.id))
    log.write(draft)
    assert "half merges" in found(log.findings())


def test_an_event_behind_the_fold_of_its_visitor_is_found(log: Log) -> None:
    visitor_id = next(iter(log.customers()[0].visitors.values()))
    draft = log.draft()
    version = log.store.version(visitor_id) + 1
    draft.recorded.append(Recorded(visitor_id, version, log.tracked(ALONE)))
    log.write(draft)
    assert found(log.findings()) == {"half merges": 1, "doubled": 1}


def test_an_event_that_is_gone_leaves_a_gap(log: Log, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / DATABASE)) as file, file:
        second = "topic = 'tracked.1' AND originator_version = 2"
        statement = f"DELETE FROM events WHERE {second} AND originator_id = ?"  # noqa: S608 - ours
        file.execute(statement, (log.visitor(ALONE).id.bytes,))
    assert found(log.findings()) == {"lost": 1, "gaps in streams": 1, "wrong counters": 1}


def test_an_altered_event_cannot_be_read(log: Log, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / DATABASE)) as file, file:
        file.execute("UPDATE events SET state = x'00' WHERE position = 5")
    assert "unreadable events" in found(log.findings())


def test_a_directory_row_that_names_another_owner_is_found(log: Log, tmp_path: Path) -> None:
    uid: str = next(iter(log.customers()[0].visitors))
    with closing(sqlite3.connect(tmp_path / DATABASE)) as file, file:
        file.execute("UPDATE directory SET owner = 'somebody' WHERE value = ?", (uid,))
    assert found(log.findings()) == {"wrong directory rows": 1}


def test_counters_that_the_log_does_not_bear_out_are_found(log: Log) -> None:
    lease = log.store.backend.take_lease("planting", "a test")
    log.store.backend.write(Write(lease, tallies={"activities": 1}))
    assert found(log.findings()) == {"wrong counters": 1}
