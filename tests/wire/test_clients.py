"""What unmodified SDKs send is understood to the last call."""

import base64
from pathlib import Path
from typing import Any

import msgspec
import pytest

from domain.commands import Alias, AnyCommand, Identify, Track
from service.wire.bodies import unpacked
from service.wire.envelope import write_key_in
from service.wire.segment import read_batch, read_one
from service.write_keys import write_key_of
from tests.wire.reading import RECEIVED, RULES, decoded

CLIENTS = sorted((Path(__file__).parents[1] / "data" / "clients").glob("*.json"))
TYPES = {"track", "identify", "page", "screen", "group", "alias"}
Recorded = dict[str, Any]


def requests_of(client: Path) -> list[Recorded]:
    """List the requests with calls that a client sent."""
    recorded = msgspec.json.decode(client.read_bytes())["requests"]
    return [
        request
        for request in recorded
        if request["method"] == "POST" and request["path"].startswith("/v1/")
    ]


def headers_of(request: Recorded) -> list[tuple[bytes, bytes]]:
    """Give the headers as ASGI does."""
    return [(name.lower().encode(), value.encode()) for name, value in request["headers"]]


def commands_of(request: Recorded) -> list[AnyCommand]:
    """Read a request as it was recorded."""
    encoding = dict(headers_of(request)).get(b"content-encoding", b"").decode()
    body = unpacked(base64.b64decode(request["body_base64"]), encoding, RULES.limits.body)
    kind = request["path"].rpartition("/")[2]
    inbound = (
        read_one(body, kind, RULES, "web", RECEIVED)
        if kind in TYPES
        else read_batch(body, RULES, "web", RECEIVED)
    )
    assert inbound.rejected == []
    return inbound.commands


def calls_of(request: Recorded) -> list[dict[str, Any]]:
    """Give the calls of a request as the recording decoded them."""
    body: dict[str, Any] = request["body_json"]
    calls: list[dict[str, Any]] = body.get("batch", [body])
    return calls


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.stem)
def test_every_call_of_a_client_becomes_the_command_it_stands_for(client: Path) -> None:
    requests = requests_of(client)
    assert requests
    for request in requests:
        for call, command in zip(calls_of(request), commands_of(request), strict=True):
            expected: type = {"identify": Identify, "alias": Alias}.get(call["type"], Track)
            assert isinstance(command, expected)
            assert command.message_id == call["messageId"]
            assert command.uid == (call.get("anonymousId") or None)
            assert command.cid == (call.get("userId") or None)
            assert decoded(command.context) == (call.get("context") or {})


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.stem)
def test_every_request_of_a_client_carries_the_write_key(client: Path) -> None:
    for request in requests_of(client):
        query = request["path"].partition("?")[2].encode()
        key = write_key_of(headers_of(request), query)
        if key is None:
            key = write_key_in(base64.b64decode(request["body_base64"]))
        assert key == "testWriteKey"


def test_the_recorded_journeys_hold_every_type_of_call() -> None:
    types = {
        call["type"]
        for client in CLIENTS
        for request in requests_of(client)
        for call in calls_of(request)
    }
    assert types == TYPES
