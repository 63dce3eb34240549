"""Every address of every dialect, in the way that its clients use it."""

import gzip
from typing import Any

import httpx
import msgspec
import pytest

from domain.commands import Identify, Reject, Track
from service.addresses import BATCHES, CALLS, EVENT, JITSU, METRICS, PIXELS
from service.credentials import Credentials
from service.ingest import PIXEL
from service.sources import Source
from tests.service.desk import RECEIVED, SENDER, WRITE_KEY, MemoryDesk, client_of, is_problem

CALL = {"type": "track", "event": "e", "anonymousId": "u1", "messageId": "m1"}
SEED = {"ec": "product", "ea": "view", "uid": "u1", "messageId": "m2"}
SINGLE = [*CALLS, *JITSU]


def decoded(raw: bytes) -> Any:
    """Read raw JSON."""
    return msgspec.json.decode(raw)


@pytest.mark.parametrize("path", BATCHES)
@pytest.mark.parametrize("ending", ["", "/"])
async def test_a_batch_is_taken_at_each_of_its_addresses(
    client: httpx.AsyncClient, desk: MemoryDesk, path: str, ending: str
) -> None:
    body = {"batch": [CALL, SEED], "sentAt": "2026-11-23T10:00:00Z"}
    response = await client.post(path + ending, json=body, auth=SENDER)
    assert (response.status_code, response.json()) == (200, {"success": True, "position": 2})
    names = [command.name for command in desk.commands if isinstance(command, Track)]
    assert names == ["e", "product/view"]


@pytest.mark.parametrize("path", SINGLE)
async def test_a_call_is_taken_at_each_of_its_addresses(
    client: httpx.AsyncClient, desk: MemoryDesk, path: str
) -> None:
    body = {"userId": "c1", "event": "e", "groupId": "g1", "previousId": "u1"}
    response = await client.post(path, json=body, auth=SENDER)
    assert response.json() == {"success": True, "position": 1}
    assert not isinstance(desk.commands[0], Reject)


async def test_a_beacon_carries_its_key_in_the_query_and_says_it_is_text(
    client: httpx.AsyncClient, desk: MemoryDesk
) -> None:
    response = await client.post(
        f"/beacon/v1/batch?writeKey={WRITE_KEY}",
        content=msgspec.json.encode({"batch": [CALL]}),
        headers={"Content-Type": "text/plain;charset=UTF-8", "Origin": "https://shop.example"},
    )
    assert response.json()["success"] is True
    assert len(desk.commands) == 1


@pytest.mark.parametrize("key", [f"{WRITE_KEY}:secret", WRITE_KEY])
async def test_jitsus_key_may_have_a_secret_behind_it(client: httpx.AsyncClient, key: str) -> None:
    response = await client.post("/api/s/track", json=CALL, headers={"X-Write-Key": key})
    assert response.status_code == 200
    response = await client.post("/api/s/track", json={**CALL, "writeKey": key})
    assert response.status_code == 200


@pytest.mark.parametrize("path", METRICS)
async def test_what_an_sdk_tells_of_itself_is_taken_and_left(
    client: httpx.AsyncClient, desk: MemoryDesk, path: str
) -> None:
    response = await client.post(path, content=b'{"series": [')
    assert (response.status_code, response.json()) == (200, {"success": True})
    assert desk.commands == []


async def test_a_pixel_is_an_image_whose_query_is_a_call(
    client: httpx.AsyncClient, desk: MemoryDesk
) -> None:
    query = {
        "writeKey": WRITE_KEY,
        "anonymousId": "u1",
        "event": "Opened",
        "messageId": "m1",
        "properties.campaign.id": "7",
        "properties.mail": "a@b",
        "context.locale": "de",
    }
    headers = {"User-Agent": "curl/8.1", "Referer": "https://mail.example/"}
    response = await client.get("/pixel/v1/track", params=query, headers=headers)
    assert (response.status_code, response.content) == (200, PIXEL)
    assert response.headers["content-type"] == "image/gif"
    assert response.headers["cache-control"] == "no-store"
    (command,) = desk.commands
    assert isinstance(command, Track)
    assert (command.name, command.uid, command.source) == ("Opened", "u1", "web")
    assert (command.message_id, command.received_at) == ("m1", RECEIVED)
    assert decoded(command.properties) == {"campaign": {"id": "7"}, "mail": "a@b"}
    assert decoded(command.context) == {
        "userAgent": "curl/8.1",
        "page": {"url": "https://mail.example/"},
        "locale": "de",
    }
    assert command.attributes["$browser"] == b'"curl 8"'


@pytest.mark.parametrize("path", PIXELS)
async def test_a_pixel_that_says_too_little_is_kept_as_a_rejection(
    client: httpx.AsyncClient, desk: MemoryDesk, path: str
) -> None:
    query = {"writeKey": WRITE_KEY, "properties": "1", "properties.a": "2", "context": "x"}
    response = await client.get(path, params=query)
    assert response.content == PIXEL
    (command,) = desk.commands
    assert isinstance(command, Reject)
    assert command.code in {"no_id", "no_name"}


@pytest.mark.parametrize("path", [*PIXELS, EVENT])
async def test_a_query_without_a_known_key_is_401(client: httpx.AsyncClient, path: str) -> None:
    for query in ("", "?writeKey=other", "?anonymousId=u1"):
        assert is_problem(await client.get(path + query), 401, "unknown_write_key")


@pytest.mark.parametrize("path", [*PIXELS, EVENT])
async def test_a_query_of_very_many_fields_is_refused(
    client: httpx.AsyncClient, desk: MemoryDesk, path: str
) -> None:
    query = "&".join(f"f{n}=1" for n in range(1_001))
    response = await client.get(f"{path}?{query}", auth=SENDER)
    assert is_problem(response, 400, "too_many_fields")
    assert desk.commands == []


async def test_an_event_of_the_seed_may_be_a_query(
    client: httpx.AsyncClient, desk: MemoryDesk
) -> None:
    query = {
        "ec": "user",
        "ea": "sign_in",
        "uid": "u1",
        "aid": "d1",
        "prop_id": WRITE_KEY,
        "dims": '{"customers":{"customer_id":"c1","name":"Ann"}}',
        "cvar": '{"utm_source":"news"}',
        "items": "[]",
        "timestamp": "1795424400000",
    }
    headers = {"User-Agent": "curl/8.1"}
    response = await client.get("/event", params=query, headers=headers)
    assert (response.status_code, response.json()) == (200, {"success": True, "position": 1})
    (command,) = desk.commands
    assert isinstance(command, Track)
    assert (command.name, command.uid, command.cid) == ("user/sign_in", "u1", "c1")
    assert command.links == ("device:d1",)
    assert decoded(command.properties) == {"utm_source": "news"}
    named = {"name": b'"Ann"', "$browser": b'"curl 8"', "$utm_source": b'"news"'}
    assert named.items() <= command.attributes.items()


@pytest.mark.parametrize("dims", ["x", "[", "7", "[" * 5_000])
async def test_a_field_that_should_be_json_and_is_none_is_a_rejection(
    client: httpx.AsyncClient, desk: MemoryDesk, dims: str
) -> None:
    query = {"ec": "a", "uid": "u1", "dims": dims}
    response = await client.get("/event", params=query, auth=SENDER)
    assert [rejected["code"] for rejected in response.json()["rejected"]] == ["invalid_call"]
    assert isinstance(desk.commands[0], Reject)


@pytest.mark.parametrize("path", [EVENT, f"{EVENT}/"])
async def test_events_of_the_seed_are_posted_alone_or_as_a_list(
    client: httpx.AsyncClient, desk: MemoryDesk, path: str
) -> None:
    identify = {"ec": "user", "ea": "identify", "uid": "u1", "extra": {"identify_id": "c1"}}
    alone = {**SEED, "prop_id": WRITE_KEY}
    several = [{**identify, "writeKey": WRITE_KEY}, CALL]
    for body in (alone, several):
        packed = gzip.compress(msgspec.json.encode(body))
        assert (await client.post(path, content=packed)).status_code == 200
    assert [type(command) for command in desk.commands] == [Track, Identify, Track]


@pytest.mark.parametrize("key", [{"prop_id": 7}, {"writeKey": "7"}])
async def test_the_seeds_key_may_be_a_number(desk: MemoryDesk, key: dict[str, Any]) -> None:
    credentials = Credentials({}, frozenset()).with_write_key("7", "old")
    async with client_of(desk, credentials=credentials) as client:
        assert (await client.post("/event", json={**SEED, **key})).status_code == 200
    assert desk.commands[0].source == "old"


@pytest.mark.parametrize("body", [b"[]", b"[7]", b'[{"writeKey":true}]', b'{"uid":"u1"}'])
async def test_events_without_a_key_are_401(client: httpx.AsyncClient, body: bytes) -> None:
    assert is_problem(await client.post("/event", content=body), 401, "unknown_write_key")


@pytest.mark.parametrize("body", [b"", b"7", b"null", b"[", b'"x"', b"[" * 50_000])
async def test_what_is_no_event_is_400(
    client: httpx.AsyncClient, desk: MemoryDesk, body: bytes
) -> None:
    response = await client.post("/event", content=body, auth=SENDER)
    assert is_problem(response, 400, "invalid_json")
    assert desk.commands == []


async def test_a_list_of_events_has_the_limits_of_a_batch(client: httpx.AsyncClient) -> None:
    response = await client.post("/event", json=[SEED] * 2_501, auth=SENDER)
    assert is_problem(response, 400, "too_many_calls")
    response = await client.post("/event", json=[], auth=SENDER)
    assert response.json() == {"success": True}


async def test_one_bad_event_does_not_hurt_the_others(
    client: httpx.AsyncClient, desk: MemoryDesk
) -> None:
    large = {**SEED, "extra": {"x": "x" * 40_000}}
    response = await client.post("/event", json=[SEED, 7, large, CALL], auth=SENDER)
    codes = [(bad["index"], bad["code"]) for bad in response.json()["rejected"]]
    assert codes == [(1, "invalid_call"), (2, "call_too_large")]
    assert [type(command) for command in desk.commands] == [Track, Reject, Reject, Track]


async def test_a_disabled_source_is_404_at_every_address(desk: MemoryDesk) -> None:
    off = Credentials({}, frozenset()).with_write_key(WRITE_KEY, "web")
    off = off.with_source(Source(name="web", is_enabled=False))
    async with client_of(desk, credentials=off) as client:
        for path in [*BATCHES, *SINGLE, EVENT]:
            response = await client.post(path, json=CALL, auth=SENDER)
            assert is_problem(response, 404, "source_disabled")
        for path in [*PIXELS, EVENT]:
            assert is_problem(await client.get(path, auth=SENDER), 404, "source_disabled")
    assert desk.commands == []
