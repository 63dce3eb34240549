"""Made-up calls as browsers send them, and what a server must count once it has them all."""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final
from uuid import UUID

import msgspec

BEGIN: Final = datetime(2026, 11, 23, 10, tzinfo=UTC)
SENT_AT: Final = "2026-11-23T11:00:00.000Z"

CALLS_A_VISITOR: Final = (10, 30)
IDENTIFYING: Final = 0.3
"""Share of the visitors that say, midway, who they are."""
RETURNING: Final = 0.2
"""Share of those that are the customer who identified last, on another device."""

BROWSER: Final = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/126.0.0.0 Safari/537.36"
)
CATEGORIES: Final = ("Games", "Books", "Music", "Garden", "Kitchen")


class BenchCall(msgspec.Struct, frozen=True):
    """One call: its type, its UID and CID, what it says, and the JSON that is sent."""

    kind: str
    uid: str
    cid: str | None
    name: str
    properties: dict[str, Any]
    body: bytes


def make_calls(number: int, seed: int) -> list[BenchCall]:
    """Make that many calls, each visitor's in order, all visitors active at once.

    So a batch has hardly two calls of one visitor, as on a site with very many. The same seed
    gives the same calls, another seed other visitors and customers.
    """
    chance = random.Random(seed)  # noqa: S311 - repeatable, nobody guards anything with it
    lives: list[Iterator[BenchCall]] = []
    turns: list[int] = []
    cids = _cids(chance, seed)
    while len(turns) < number:
        calls = chance.randint(*CALLS_A_VISITOR)
        cid = next(cids) if chance.random() < IDENTIFYING else None
        turns += [len(lives)] * calls
        lives.append(_life(chance, cid, calls))
    chance.shuffle(turns)
    return [next(lives[turn]) for turn in islice(turns, number)]


def expected_counts(calls: Sequence[BenchCall]) -> dict[str, int]:
    """Work out what a server must have counted after these calls, in whatever order."""
    owners = {call.uid: call.cid for call in calls if call.cid is not None}
    return {
        "activities": sum(call.kind != "identify" for call in calls),
        "visitors": len({call.uid for call in calls} - owners.keys()),
        "customers": len(set(owners.values())),
        "folds": len(owners),
        "refusals": 0,
        "rejections": 0,
        "duplicates": 0,
    }


def batch_bodies(calls: Sequence[BenchCall], size: int) -> list[bytes]:
    """Write the bodies of requests for `/v1/batch`."""
    return [
        b'{"batch":[%b],"sentAt":"%b"}'
        % (b",".join(call.body for call in calls[at : at + size]), SENT_AT.encode())
        for at in range(0, len(calls), size)
    ]


def _cids(chance: random.Random, seed: int) -> Iterator[str]:
    """Give the CID of one identifying visitor after the other."""
    number = 0
    while True:
        if chance.random() >= RETURNING:
            number += 1
        yield f"customer-{seed}-{number}"


def _life(chance: random.Random, cid: str | None, calls: int) -> Iterator[BenchCall]:
    """Give a visitor's calls: pages and clicks, midway an identify if there is a CID."""
    uid, device = _uuid(chance), _uuid(chance)
    at = BEGIN + timedelta(seconds=chance.random() * 1_800)
    known: str | None = None
    for number in range(calls):
        at += timedelta(seconds=chance.random() * 40)
        if cid is not None and number == calls // 2:
            known = cid
            yield _call("identify", uid, known, at, device, chance)
        else:
            kind = "page" if chance.random() < 0.4 else "track"  # noqa: PLR2004 - a rough share
            yield _call(kind, uid, known, at, device, chance)


def _call(
    kind: str, uid: str, cid: str | None, at: datetime, device: str, chance: random.Random
) -> BenchCall:
    product = chance.randrange(5_000)
    path = f"/products/{product}"
    name, carried = _said(kind, cid, product, chance)
    call: dict[str, Any] = {
        "type": kind,
        "anonymousId": uid,
        "messageId": _uuid(chance),
        "timestamp": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "context": {
            "device": {"id": device, "type": "desktop"},
            "library": {"name": "analytics.js", "version": "2.1.0"},
            "locale": "en-US",
            "page": {"path": path, "title": "Shop", "url": f"https://shop.example{path}"},
            "userAgent": BROWSER,
        },
    }
    if cid is not None:
        call["userId"] = cid
    call |= carried
    properties = carried.get("properties", {})
    return BenchCall(kind, uid, cid, name, properties, msgspec.json.encode(call))


def _said(
    kind: str, cid: str | None, product: int, chance: random.Random
) -> tuple[str, dict[str, Any]]:
    """Give the name of what happened and the fields that only this type of call has."""
    if kind == "identify":
        traits = {"email": f"{cid}@mail.example", "plan": "free", "logins": product}
        return "$identify", {"traits": traits}
    if kind == "page":
        seen = {"path": f"/products/{product}", "referrer": "https://search.example/?q=games"}
        return "$page", {"name": "Product", "properties": seen}
    bought = {
        "product_id": f"p{product}",
        "sku": f"G-{product % 97}",
        "category": chance.choice(CATEGORIES),
        "name": f"Product number {product}",
        "price": product % 300 + 0.99,
        "currency": "EUR",
        "quantity": 1 + product % 3,
    }
    return "Product Viewed", {"event": "Product Viewed", "properties": bought}


def _uuid(chance: random.Random) -> str:
    return str(UUID(int=chance.getrandbits(128), version=4))
