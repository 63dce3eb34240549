"""Calls come in over HTTP (design, sections 1 and 5)."""

import base64
import gzip
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from actors.errors import Overloaded, Unavailable
from domain.commands import Identify, Reject, Track
from service.config import Config
from service.credentials import Credentials
from service.limits import Limits
from tests.service.desk import (
    CREDENTIALS,
    RECEIVED,
    SENDER,
    WRITE_KEY,
    MemoryDesk,
    client_of,
    is_problem,
)

Headers = dict[str, str]
CLIENTS = sorted((Path(__file__).parents[1] / "data" / "clients").glob("*.json"))
TYPES = ["track", "identify", "page", "screen", "group", "alias"]
GOOD = {"type": "track", "event": "e", "anonymousId": "u1", "messageId": "m1"}
BATCH = {"batch": [GOOD]}


async def test_200_says_success_and_where_the_log_is(
    client: httpx.AsyncClient, desk: MemoryDesk
) -> None:
    response = await client.post("/v1/batch", json=BATCH, auth=SENDER)
    assert (response.status_code, response.json()) == (200, {"success": True, "position": 1})
    (command,) = desk.commands
    assert isinstance(command, Track)
    assert (command.source, command.received_at) == ("web", RECEIVED)


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/b", "/v1/import", "/v1/batch/"])
async def test_a_batch_may_come_under_several_addresses(
    client: httpx.AsyncClient, desk: MemoryDesk, path: str
) -> None:
    response = await client.post(path, json=BATCH, auth=SENDER)
    assert response.json() == {"success": True, "position": 1}
    assert len(desk.commands) == 1


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("ending", ["", "/"])
async def test_a_single_call_takes_its_type_from_the_address(
    client: httpx.AsyncClient, desk: MemoryDesk, kind: str, ending: str
) -> None:
    body = {"userId": "c1", "event": "e", "groupId": "g1", "previousId": "u1"}
    response = await client.post(f"/v1/{kind}{ending}", json=body, auth=SENDER)
    assert response.json() == {"success": True, "position": 1}
    assert not isinstance(desk.commands[0], Reject)


async def test_a_duplicate_is_answered_200_and_counted(
    client: httpx.AsyncClient, desk: MemoryDesk
) -> None:
    for duplicates in ({}, {"duplicates": 1}):
        response = await client.post("/v1/batch", json=BATCH, auth=SENDER)
        assert response.json() == {"success": True, "position": 1, **duplicates}
    assert len(desk.commands) == 1


async def test_an_empty_batch_is_fine_and_asks_nobody(
    client: httpx.AsyncClient, desk: MemoryDesk
) -> None:
    desk.trouble = Unavailable(1)
    response = await client.post("/v1/batch", json={"batch": []}, auth=SENDER)
    assert (response.status_code, response.json()) == (200, {"success": True})


async def test_one_bad_call_is_named_and_kept_and_the_rest_is_taken(
    client: httpx.AsyncClient, desk: MemoryDesk
) -> None:
    calls = [GOOD, {"type": "track", "event": "e"}, {"type": "identify", "userId": "c1"}]
    response = await client.post("/v1/batch", json={"batch": calls}, auth=SENDER)
    assert response.status_code == 200
    assert response.json() == {
        "success": True,
        "position": 3,
        "rejected": [
            {
                "index": 1,
                "code": "no_id",
                "message": "Expected anonymousId or userId, got none",
            }
        ],
    }
    assert [type(command) for command in desk.commands] == [Track, Reject, Identify]


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ({}, "no_id"),
        ({"userId": "undefined"}, "poison_id"),
        ({"userId": "x" * 256}, "bad_id"),
        ({"userId": "c1", "timestamp": "soon"}, "bad_timestamp"),
        ({"userId": "c1", "properties": "x"}, "invalid_call"),
        ({"userId": "c1", "properties": {"x": "x" * 40_000}}, "call_too_large"),
        ({"userId": "c1", "event": ""}, "no_name"),
    ],
    ids=repr,
)
async def test_bad_input_in_a_single_call_is_a_rejection(
    client: httpx.AsyncClient, desk: MemoryDesk, bad: dict[str, Any], code: str
) -> None:
    response = await client.post("/v1/track", json={"event": "e", **bad}, auth=SENDER)
    assert response.status_code == 200
    assert [rejected["code"] for rejected in response.json()["rejected"]] == [code]
    assert isinstance(desk.commands[0], Reject)


async def test_a_structure_of_5000_levels_is_a_rejection(client: httpx.AsyncClient) -> None:
    deep = b'{"event":"e","userId":"c1","properties":' + b'{"a":' * 5_000 + b"1" + b"}" * 5_001
    response = await client.post("/v1/track", content=deep, auth=SENDER)
    assert [rejected["code"] for rejected in response.json()["rejected"]] == ["too_deep"]


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/track"])
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"x", b'{"batch":7'])
async def test_malformed_json_is_400_and_nothing_is_stored(
    client: httpx.AsyncClient, desk: MemoryDesk, path: str, body: bytes
) -> None:
    response = await client.post(path, content=body, auth=SENDER)
    assert is_problem(response, 400, "invalid_json")
    assert desk.commands == []


async def test_too_many_calls_are_400(client: httpx.AsyncClient, desk: MemoryDesk) -> None:
    response = await client.post("/v1/batch", json={"batch": [GOOD] * 2_501}, auth=SENDER)
    assert is_problem(response, 400, "too_many_calls")
    assert desk.commands == []


async def test_too_large_a_body_is_413_as_sent_and_unpacked(client: httpx.AsyncClient) -> None:
    large = b" " * (4 * 1_048_576 + 1)
    for body in (large, gzip.compress(large)):
        response = await client.post("/v1/batch", content=body, auth=SENDER)
        assert is_problem(response, 413, "body_too_large")


async def test_the_limits_of_the_configuration_hold(desk: MemoryDesk) -> None:
    async with client_of(desk, Config(limits=Limits(body=10))) as client:
        response = await client.post("/v1/batch", json=BATCH, auth=SENDER)
    assert is_problem(response, 413, "body_too_large")


async def test_broken_gzip_is_400(client: httpx.AsyncClient) -> None:
    cut = gzip.compress(msgspec.json.encode(BATCH))[:-4]
    for body, headers in ((cut, {}), (b"{}", {"Content-Encoding": "gzip"})):
        response = await client.post("/v1/batch", content=body, headers=headers, auth=SENDER)
        assert is_problem(response, 400, "invalid_gzip")


@pytest.mark.parametrize(
    "declared", ["text/plain", "application/x-www-form-urlencoded", "image/png", "a/b; charset=?"]
)
async def test_a_body_is_read_by_its_content_whatever_it_says_it_is(
    client: httpx.AsyncClient, declared: str
) -> None:
    packed = gzip.compress(msgspec.json.encode(BATCH))
    for body in (packed, msgspec.json.encode(BATCH)):
        headers = {"Content-Type": declared}
        response = await client.post("/v1/batch", content=body, headers=headers, auth=SENDER)
        assert response.json()["success"] is True


@pytest.mark.parametrize(
    ("path", "headers", "body"),
    [
        ("/v1/batch", {"X-Write-Key": WRITE_KEY}, {}),
        (f"/v1/batch?writeKey={WRITE_KEY}", {}, {}),
        ("/v1/batch", {}, {"writeKey": WRITE_KEY}),
        ("/v1/batch", {"Authorization": "Bearer other"}, {"writeKey": WRITE_KEY}),
    ],
)
async def test_a_write_key_may_stand_in_several_places(
    client: httpx.AsyncClient, path: str, headers: Headers, body: dict[str, str]
) -> None:
    response = await client.post(path, json={**BATCH, **body}, headers=headers)
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, BATCH),
        ({"X-Write-Key": "other"}, {**BATCH, "writeKey": WRITE_KEY}),
        ({}, {**BATCH, "writeKey": "other"}),
        ({"Authorization": "Basic !"}, BATCH),
    ],
)
async def test_a_missing_or_unknown_write_key_is_401_and_nothing_is_stored(
    client: httpx.AsyncClient, desk: MemoryDesk, headers: Headers, body: dict[str, Any]
) -> None:
    response = await client.post("/v1/batch", json=body, headers=headers)
    assert is_problem(response, 401, "unknown_write_key")
    assert "www-authenticate" not in response.headers
    assert desk.commands == []


async def test_each_write_key_has_its_source(desk: MemoryDesk) -> None:
    credentials = CREDENTIALS.with_write_key("wk_app", "app")
    async with client_of(desk, credentials=credentials) as client:
        await client.post("/v1/batch", json=BATCH, auth=("wk_app", ""))
    assert [command.source for command in desk.commands] == ["app"]


async def test_a_full_queue_is_429_with_whole_seconds_to_wait(
    client: httpx.AsyncClient, desk: MemoryDesk
) -> None:
    desk.trouble = Overloaded(3)
    response = await client.post("/v1/batch", json=BATCH, auth=SENDER)
    assert is_problem(response, 429, "overloaded")
    assert response.headers["retry-after"] == "3"


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/batch/"])
async def test_what_is_not_durable_is_503(
    client: httpx.AsyncClient, desk: MemoryDesk, path: str
) -> None:
    desk.trouble = Unavailable(2)
    response = await client.post(path, json=BATCH, auth=SENDER)
    assert is_problem(response, 503, "unavailable")
    assert response.headers["retry-after"] == "2"


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/batch/"])
async def test_what_nobody_foresaw_is_500_and_says_nothing_of_the_inside(
    client: httpx.AsyncClient,
    desk: MemoryDesk,
    path: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    desk.trouble = RuntimeError("the inside")
    response = await client.post(path, json=BATCH, auth=SENDER)
    assert is_problem(response, 500, "internal")
    assert "inside" not in response.text
    assert "RuntimeError: the inside" in capsys.readouterr().out


@pytest.mark.parametrize("recorded", CLIENTS, ids=lambda path: path.stem)
async def test_the_requests_of_real_clients_are_taken_byte_for_byte(
    desk: MemoryDesk, recorded: Path
) -> None:
    credentials = Credentials({}, frozenset()).with_write_key("testWriteKey", "web")
    async with client_of(desk, credentials=credentials) as client:
        for request in _with_calls(recorded):
            response = await client.post(
                request["path"],
                content=base64.b64decode(request["body_base64"]),
                headers=_end_to_end(request["headers"]),
            )
            assert response.status_code == 200
            assert "rejected" not in response.json()
    assert desk.commands


def _with_calls(recorded: Path) -> list[dict[str, Any]]:
    requests = msgspec.json.decode(recorded.read_bytes())["requests"]
    return [r for r in requests if r["method"] == "POST" and r["path"].startswith("/v1/")]


def _end_to_end(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    of_the_connection = {"host", "content-length", "connection"}
    return [(name, value) for name, value in headers if name.lower() not in of_the_connection]


async def test_a_call_that_no_host_could_decide_is_named_among_the_rejected(
    client: httpx.AsyncClient, desk: MemoryDesk
) -> None:
    desk.undecidable = [0, 2]
    bad = {"type": "track", "event": "e", "messageId": "m3"}
    calls = [{**GOOD, "messageId": "m0"}, bad, {**GOOD, "messageId": "m2"}, GOOD]
    response = await client.post("/v1/batch", json={"batch": calls}, auth=SENDER)
    assert response.status_code == 200
    found = [(each["index"], each["code"]) for each in response.json()["rejected"]]
    assert found == [(0, "undecidable"), (1, "no_id"), (2, "undecidable")]
