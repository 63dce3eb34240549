"""What real clients sent, byte for byte, through HTTP into hosts over a store."""

import base64
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from domain.instants import Instant, parse_instant
from service.app import build_app
from service.config import Config
from service.credentials import Credentials
from tests.actors.deployment import Deployment, deployed
from tests.service.desk import READER

CLIENTS = sorted((Path(__file__).parents[1] / "data" / "clients").glob("*.json"))
NAMES = [path.stem for path in CLIENTS]
KEYS = Credentials({}, frozenset()).with_write_key("testWriteKey", "web").with_api_token("at_test")


Json = dict[str, Any]

SECOND = 1_000_000

SHARED = {"$page": 1, "$group": 1, "Product Viewed": 1, "Order Completed": 1}
SERVER = {**SHARED, "$screen": 1}
CHROMIUM = {
    "$browser": "HeadlessChrome 156",
    "$os": "Linux",
    "$language": "en-US",
    "$utm_source": "news",
    "$initial_utm_source": "news",
    "$utm_campaign": "spring",
    "$initial_utm_campaign": "spring",
}
REFERRED = {"$referrer": "https://search.example/", "$initial_referrer": "https://search.example/"}
CHOSEN = "2024-02-03T04:05:06.000000Z"
"""When an activity happened by the word of the caller, who told of it years later."""


class Told(msgspec.Struct):
    """What a client's recording tells of the customer `user-1` and of the whole deployment.

    `uids` is how many of them are the customer's.
    """

    activities: dict[str, int]
    uids: int
    customers: int = 1
    refusals: int = 0
    attributes: Json = {}
    first_seen: str | None = None


PYTHON = Told({**SERVER, "Same messageId": 1}, 2, 2, 0, REFERRED, CHOSEN)
NODE = Told({**SERVER, "Same messageId": 1}, 2, 1, 0, REFERRED, CHOSEN)
LEFT = {"Last before leave 1": 1, "Last before leave 2": 1}

SCENARIOS = {
    **{name: Told(SERVER, 1) for name in NAMES if name.startswith("analytics-python-1.4")},
    **{name: PYTHON for name in NAMES if name.startswith("segment-analytics-python-2.4.0")},
    **{name: NODE for name in NAMES if name.startswith("segment-analytics-node-3.1.0")},
    "rudder-sdk-python-2.1.9": Told(SERVER, 1),
    "rudder-sdk-node-3.0.13": Told(SERVER, 1, first_seen=CHOSEN),
    "rudder-analytics-js-3.34.1": Told(SHARED, 1, 3, 2, CHROMIUM),
    "segment-analytics-next-1.84.3-batching": Told({**SERVER, **LEFT}, 1, attributes=CHROMIUM),
}


class Clock:
    """A server's clock: each request comes 50 ms after the client sent it."""

    now: Instant = parse_instant("2026-11-23T13:00:00Z")

    def hear(self, body: object) -> None:
        """Move on to when a request arrives."""
        if isinstance(body, dict) and "sentAt" in body:
            self.now = parse_instant(body["sentAt"]) + SECOND // 20


@pytest.fixture
def deployment() -> Iterator[Deployment]:
    """One host."""
    with deployed() as made:
        yield made


@pytest.fixture
def clock() -> Clock:
    """A clock that follows the recording."""
    return Clock()


@pytest.fixture
async def client(deployment: Deployment, clock: Clock) -> AsyncIterator[httpx.AsyncClient]:
    """Talk HTTP to an app over that host."""
    app = build_app(deployment.router(), KEYS, Config(), now=lambda: clock.now)
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]  # ASGI, in Litestar's types
    async with httpx.AsyncClient(transport=transport, base_url="http://onefold") as found:
        yield found


async def replayed(client: httpx.AsyncClient, clock: Clock, name: str) -> None:
    """Send what a client sent, preflights and all."""
    recorded = next(path for path in CLIENTS if path.stem == name)
    for request in msgspec.json.decode(recorded.read_bytes())["requests"]:
        clock.hear(request.get("body_json"))
        response = await client.request(
            request["method"],
            request["path"],
            content=base64.b64decode(request.get("body_base64") or ""),
            headers=_end_to_end(request["headers"]),
        )
        assert response.status_code == (204 if request["method"] == "OPTIONS" else 200)
        assert "rejected" not in response.text
        if any(header == "Origin" for header, _ in request["headers"]):
            assert response.headers["access-control-allow-origin"].startswith("http://127.0.0.1:")


async def customer(client: httpx.AsyncClient, cid: str) -> Json:
    """Give a customer."""
    found: Json = (await client.get(f"/api/v1/customers/{cid}", headers=READER)).json()
    return found


def test_every_recording_has_its_scenario() -> None:
    assert set(SCENARIOS) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
async def test_a_clients_journey_gives_the_profiles_that_it_tells_of(
    client: httpx.AsyncClient, clock: Clock, deployment: Deployment, name: str
) -> None:
    told = SCENARIOS[name]
    await replayed(client, clock, name)
    user = await customer(client, "user-1")
    assert user["activities"] == told.activities
    assert len(user["uids"]) == told.uids
    assert user["refusals"] == []
    expected = {"email": "ada@example.com", "groups": ["acme"], "$sources": ["web"]}
    assert {**expected, **told.attributes}.items() <= user["attributes"].items()
    assert told.first_seen in {None, user["first_seen"]}
    counted = deployment.counted()
    assert counted["customers"] == told.customers
    assert counted.get("refusals", 0) == told.refusals
    assert {"visitors", "rejections"}.isdisjoint(counted)


@pytest.mark.parametrize("name", NAMES)
async def test_a_journey_that_is_sent_again_changes_nothing(
    client: httpx.AsyncClient, clock: Clock, deployment: Deployment, name: str
) -> None:
    await replayed(client, clock, name)
    before, digest = deployment.counted(), (await customer(client, "user-1"))["digest"]
    await replayed(client, clock, name)
    after = deployment.counted()
    assert (await customer(client, "user-1"))["digest"] == digest
    assert after.pop("duplicates") > before.pop("duplicates", 0)
    assert after == before


async def test_rudderstacks_browser_keeps_two_people_on_one_machine_apart(
    client: httpx.AsyncClient, clock: Clock
) -> None:
    await replayed(client, clock, "rudder-analytics-js-3.34.1")
    second, renamed = await customer(client, "user-2"), await customer(client, "user-1-renamed")
    assert second["activities"] == {"After logout": 1}
    assert len(second["uids"]) == 1
    codes = [refusal["code"] for refusal in renamed["refusals"]]
    assert codes == ["customers_never_merge", "merge_refused"]


def _end_to_end(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    of_the_connection = {"host", "content-length", "connection"}
    return [(name, value) for name, value in headers if name.lower() not in of_the_connection]
