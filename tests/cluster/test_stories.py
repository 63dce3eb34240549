"""The stories of semantics section 8, told to a running server with real Ray and two hosts."""

import random
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import Any

import pytest

from tests.cluster.calls import day, fresh, identify, page, track
from tests.cluster.server import Server

pytestmark = pytest.mark.ray


def without_version(document: dict[str, Any]) -> dict[str, Any]:
    """Leave out what may differ with the order of arrival."""
    return {key: value for key, value in document.items() if key != "version"}


def test_story_1_three_days_become_one_customer(server: Server) -> None:
    """Day 1 and Day 3 on one device, Day 7 a sign-up: two folds, seen first on Day 1."""
    first, second, cid, device = fresh("u1"), fresh("u2"), fresh("c"), fresh("d")
    server.send(page(day(1), uid=first, device=device))
    server.send(track("Product Viewed", day(3), uid=second, device=device))
    server.send(identify(day(7), {"email": "ana@example.com"}, uid=second, cid=cid, device=device))
    server.send(track("Signed Up", day(7, 13), uid=second, cid=cid, device=device))

    customer = server.customer(cid)
    assert customer["uids"] == sorted([first, second])
    assert customer["first_seen"] == "2026-03-01T12:00:00.000000Z"
    assert customer["activities"] == {"$page": 1, "Product Viewed": 1, "Signed Up": 1}
    assert customer["attributes"] == {"email": "ana@example.com", "$sources": ["default"]}
    names = [entry["name"] for entry in server.timeline(f"customers/{cid}")["activities"]]
    assert names == ["Signed Up", "Product Viewed", "$page"]
    visitor = server.visitor(first)
    assert visitor["folded_from"] == first
    assert visitor["cid"] == cid


def test_story_2_reset_keeps_two_people_apart(server: Server) -> None:
    """Ana logs in and out with reset, Ben logs in under a new UID: nothing crosses."""
    u1, u2, ana, ben = fresh("u1"), fresh("u2"), fresh("ana"), fresh("ben")
    d1, d2 = fresh("d1"), fresh("d2")
    server.send(page(day(1), uid=u1, device=d1), identify(day(1, 13), uid=u1, cid=ana, device=d1))
    server.send(page(day(2), uid=u2, device=d2), identify(day(2, 13), uid=u2, cid=ben, device=d2))
    assert server.customer(ana)["uids"] == [u1]
    assert server.customer(ben)["uids"] == [u2]
    assert server.customer(ana)["activity_count"] == server.customer(ben)["activity_count"] == 1


def test_story_3_without_reset_the_first_customer_keeps_the_uid(server: Server) -> None:
    """Ben logs in on Ana's UID: his own calls are his, one refusal says what was declined."""
    uid, ana, ben = fresh("u"), fresh("ana"), fresh("ben")
    refused = server.stats()["refusals"]
    server.send(page(day(1), uid=uid), identify(day(1, 13), uid=uid, cid=ana))
    server.send(
        identify(day(2), {"name": "Ben"}, uid=uid, cid=ben), track("Buy", day(2), uid=uid, cid=ben)
    )
    server.send(page(day(2, 14), uid=uid))
    bens = server.customer(ben)
    assert bens["uids"] == []
    assert bens["attributes"] == {"name": "Ben", "$sources": ["default"]}
    assert bens["activities"] == {"Buy": 1}
    assert [refusal["code"] for refusal in bens["refusals"]] == ["merge_refused"]
    assert server.customer(ana)["activities"] == {"$page": 2}
    assert server.stats()["refusals"] == refused + 1


def test_story_4_any_order_of_arrival_gives_the_same_profile(server: Server) -> None:
    """The identify first, Day 1 last of all: the same document and digest as in order."""

    def journey() -> list[dict[str, Any]]:
        first, second, device = "u1", "u2", "d"
        return [
            page(day(1), uid=first, device=device, message_id="m1"),
            track("View", day(3), uid=second, device=device, message_id="m2"),
            identify(day(7), {"plan": "free"}, uid=second, cid="c", device=device, message_id="m3"),
            track("Buy", day(8), uid=second, cid="c", message_id="m4"),
            identify(day(9), {"plan": "pro"}, uid=second, cid="c", message_id="m5"),
        ]

    digests = set()
    for seed in range(6):
        suffix, rng = fresh(""), random.Random(seed)
        calls = [_renamed(call, suffix) for call in (journey() if seed == 0 else journey()[::-1])]
        if seed > 1:
            rng.shuffle(calls)
        for call in calls:
            server.send(call)
        told = str(without_version(server.customer(f"c{suffix}")) | {"digest": None})
        digests.add(told.replace(suffix, ""))
    assert len(digests) == 1


def _renamed(call: dict[str, Any], suffix: str) -> dict[str, Any]:
    renamed = {
        key: f"{value}{suffix}" if key in {"anonymousId", "userId", "messageId"} else value
        for key, value in call.items()
    }
    if call["context"]:
        renamed["context"] = {"device": {"id": f"d{suffix}"}}
    return renamed


def test_story_5_a_batch_sent_three_times_counts_once(server: Server) -> None:
    """What a client repeats after a time-out is known already."""
    uid, cid = fresh("u"), fresh("c")
    batch = [page(day(1), uid=uid), identify(day(2), {"a": 1}, uid=uid, cid=cid)]
    duplicates = server.stats()["duplicates"]
    server.send(*batch)
    once = server.customer(cid)
    server.send(*batch)
    server.send(*batch, *batch)
    assert server.customer(cid) == once
    assert server.stats()["duplicates"] == duplicates + 6


def test_story_6_two_claims_in_one_moment_have_one_winner(server: Server) -> None:
    """Two identifies of one UID race: one customer owns it, the other has a refusal."""
    with ThreadPoolExecutor(2) as pool:
        for _ in range(25):
            uid, cids = fresh("u"), [fresh("a"), fresh("b")]
            server.send(page(day(1), uid=uid))
            list(pool.map(lambda cid: server.send(identify(day(2), uid=uid, cid=cid)), cids))  # noqa: B023
            customers = [server.customer(cid) for cid in cids]
            assert sorted(len(customer["uids"]) for customer in customers) == [0, 1]
            loser = next(customer for customer in customers if not customer["uids"])
            assert [refusal["code"] for refusal in loser["refusals"]] == ["merge_refused"]


@pytest.mark.slow
def test_story_7_ten_thousand_uids_become_one_customer(server: Server) -> None:
    """Ten thousand folds work, the last thousand about as fast as the first, reads stay fast."""
    cid, uids = fresh("c"), [fresh("u") for _ in range(10_000)]
    seconds = []
    for start in range(0, len(uids), 500):
        some = uids[start : start + 500]
        began = perf_counter()
        server.send(*(page(day(1), uid=uid) for uid in some))
        server.send(*(identify(day(2), uid=uid, cid=cid) for uid in some))
        seconds.append(perf_counter() - began)
    customer = server.customer(cid)
    assert len(customer["uids"]) == customer["activity_count"] == len(uids)
    assert min(seconds[-4:]) < 6 * min(seconds[:4])
    began = perf_counter()
    server.visitor(uids[0])
    assert perf_counter() - began < 1.0
