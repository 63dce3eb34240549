"""Story 8: any process may be killed at any moment; what was answered 200 is there, once."""

import os
import random
import signal
import sqlite3
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest

from service.readiness import wait_until_ready
from tests.cluster.calls import day, identify, track
from tests.cluster.server import API_TOKEN, WRITE_KEY, Server, serving

pytestmark = [pytest.mark.ray, pytest.mark.slow]

WRITERS, PEOPLE, BATCHES, CALLS = 4, 40, 60, 20
KILLS = 3


def journeys(writer: int) -> list[list[dict[str, Any]]]:
    """Make one client's batches: people who browse and, midway, sign up."""
    rng = random.Random(writer)
    batches = []
    for number in range(BATCHES):
        batch = []
        for index in range(CALLS):
            person = f"{writer}-{rng.randrange(PEOPLE)}"
            ids = {"uid": f"u{person}", "message_id": f"m{writer}-{number}-{index}"}
            if rng.random() < 0.1:
                batch.append(identify(day(5), {"n": number}, cid=f"c{person}", **ids))
            else:
                batch.append(track("View", day(1 + index % 9), **ids))
        batches.append(batch)
    return batches


def send_until_answered(client: httpx.Client, batch: list[dict[str, Any]]) -> None:
    """Do what an SDK does: send again until the answer is 200."""
    while True:
        try:
            response = client.post("/v1/batch", json={"batch": batch})
        except httpx.TransportError:
            continue
        if response.status_code == 200:
            return
        assert response.status_code in {429, 503}, response.text


def keep_sending(url: str, load: list[list[dict[str, Any]]], finished: Event) -> None:
    """Send every batch, and then some of them again for as long as somebody is being killed."""
    rng = random.Random(len(load))
    with httpx.Client(base_url=url, auth=(WRITE_KEY, ""), timeout=60) as client:
        for batch in load:
            send_until_answered(client, batch)
        while not finished.is_set():
            send_until_answered(client, rng.choice(load))


def kill_some(server: Server, finished: Event) -> None:
    """Kill -9 a host, a gateway, and so on, each after the last one recovered."""
    try:
        for actor in ("HostShell", "GatewayShell") * KILLS:
            wait_until_ready(server.url)
            pids = server.pids(actor)
            os.kill(pids[0], signal.SIGKILL)
    finally:
        finished.set()


def test_no_acknowledged_call_is_lost_or_doubled(tmp_path: Path) -> None:
    """Hosts and gateways die under load: every call is there once, nothing is half merged."""
    loads = [journeys(writer) for writer in range(WRITERS)]
    finished = Event()
    with serving(tmp_path, "--hosts", "2") as server:
        with ThreadPoolExecutor(WRITERS + 1) as pool:
            work = [pool.submit(keep_sending, server.url, load, finished) for load in loads]
            work.append(pool.submit(kill_some, server, finished))
            for done in work:
                done.result()
        wait_until_ready(server.url)
        expect_everything_once(server, [call for load in loads for batch in load for call in batch])
    expect_nothing_half_merged(tmp_path)


def expect_everything_once(
    server: Server, calls: list[dict[str, Any]], before: dict[str, int] | None = None
) -> None:
    """Compare the counters and every profile with the calls that were acknowledged."""
    stats = Counter(server.stats())
    stats.subtract(before or {})
    tracks = [call for call in calls if call["type"] == "track"]
    owners = {call["anonymousId"]: call["userId"] for call in calls if "userId" in call}
    uids = {call["anonymousId"] for call in calls}
    assert stats["activities"] == len(tracks)
    assert stats["customers"] == stats["folds"] == len(owners)
    assert stats["visitors"] == len(uids) - len(owners)
    with httpx.Client(
        base_url=server.url, headers={"Authorization": f"Bearer {API_TOKEN}"}, timeout=60
    ) as api:
        for uid in uids:
            sent = sum(call["anonymousId"] == uid for call in tracks)
            document = api.get(f"/api/v1/visitors/{uid}").json()
            assert document["activity_count"] == sent, document
            assert document.get("cid") == owners.get(uid)


def expect_nothing_half_merged(data: Path) -> None:
    """Every `Folded` has its `Merged` and the other way round, straight from the file."""
    with sqlite3.connect(data / "onefold.db") as database:
        count = "SELECT COUNT(*) FROM events WHERE topic = ?"
        folded, merged = (
            database.execute(count, (topic,)).fetchone()[0] for topic in ("folded.1", "merged.1")
        )
        assert folded == merged > 0
        streams = database.execute(
            "SELECT COUNT(*), MAX(originator_version) FROM events GROUP BY originator_id"
        ).fetchall()
        assert all(events == version for events, version in streams)
    database.close()


def test_a_killed_server_leaves_a_store_that_goes_on(tmp_path: Path) -> None:
    """Kill -9 of the whole server: what was answered is there when it starts again.

    The keys that the first start made are told once; the second knows their hashes only.
    """
    batches = journeys(0)[:10]
    nothing = {"ONEFOLD_WRITE_KEY": "", "ONEFOLD_API_TOKEN": ""}
    with serving(tmp_path, **nothing) as server:
        keys = server.announced
        server.enter(keys["write_key"], keys["api_token"])
        for batch in batches:
            server.send(*batch)
        before = server.stats()
        os.kill(server.process.pid, signal.SIGKILL)
    assert keys["write_key"].encode() not in (tmp_path / "onefold.db").read_bytes()
    with serving(tmp_path, **nothing) as server:
        assert (server.announced["write_key"], server.announced["api_token"]) == (None, None)
        server.enter(keys["write_key"], keys["api_token"])
        after = server.stats()
        for batch in batches:
            server.send(*batch)
        again = server.stats()
    assert after == before
    assert {**again, "duplicates": 0, "position": 0} == {**before, "duplicates": 0, "position": 0}
