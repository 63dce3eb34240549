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
PAGES: Final = 0.4
"""Share of the activities that are pages."""

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


class Miscounted(Exception):
    """The server does not hold what it was sent."""

    def __init__(self, expected: dict[str, int], counts: dict[str, int]) -> None:
        wrong = [name for name, must in expected.items() if counts[name] != must]
        told = ", ".join(f"{expected[name]:,} {name}, not {counts[name]:,}" for name in wrong)
        super().__init__(f"Expected the server to count {told}")
        self.expected = expected
        self.counts = counts


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
    for number in range(calls):
        at += timedelta(seconds=chance.random() * 40)
        product = chance.randrange(5_000)
        common = _common(chance, uid, device, at, product)
        if cid is None or number < calls // 2:
            yield _activity(chance, common, None, product)
        elif number == calls // 2:
            yield _identify(common, cid, product)
        else:
            yield _activity(chance, common, cid, product)


def _common(
    chance: random.Random, uid: str, device: str, at: datetime, product: int
) -> dict[str, Any]:
    """Write the fields that every call of a browser has."""
    path = f"/products/{product}"
    return {
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


def _identify(common: dict[str, Any], cid: str, logins: int) -> BenchCall:
    traits = {"email": f"{cid}@mail.example", "plan": "free", "logins": logins}
    call = {"type": "identify", "userId": cid, "traits": traits, **common}
    return BenchCall("identify", call["anonymousId"], cid, "$identify", traits, _json(call))


def _activity(
    chance: random.Random, common: dict[str, Any], cid: str | None, product: int
) -> BenchCall:
    call = common if cid is None else {"userId": cid, **common}
    if chance.random() < PAGES:
        seen = {"path": f"/products/{product}", "referrer": "https://search.example/?q=games"}
        call |= {"type": "page", "name": "Product", "properties": seen}
        return BenchCall("page", call["anonymousId"], cid, "$page", seen, _json(call))
    viewed = _product(product)
    call |= {"type": "track", "event": "Product Viewed", "properties": viewed}
    return BenchCall("track", call["anonymousId"], cid, "Product Viewed", viewed, _json(call))


def _product(number: int) -> dict[str, Any]:
    return {
        "product_id": f"p{number}",
        "sku": f"G-{number % 97}",
        "category": CATEGORIES[number % len(CATEGORIES)],
        "name": f"Product number {number}",
        "price": number % 300 + 0.99,
        "currency": "EUR",
        "quantity": 1 + number % 3,
    }


def _json(call: dict[str, Any]) -> bytes:
    return msgspec.json.encode(call)


def _uuid(chance: random.Random) -> str:
    return str(UUID(int=chance.getrandbits(128), version=4))
