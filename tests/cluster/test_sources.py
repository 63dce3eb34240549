"""Sources are added and switched off while a server runs."""

import json
from collections.abc import Callable
from time import monotonic, sleep

import httpx
import pytest

from tests.cluster.calls import day, fresh, page
from tests.cluster.server import Server
from tests.cluster.test_command_line import onefold

pytestmark = pytest.mark.ray


def answered(send: Callable[[], httpx.Response], status: int) -> httpx.Response:
    """Send until the answer is that one; gateways take a change over within seconds."""
    give_up = monotonic() + 10
    while (response := send()).status_code != status and monotonic() < give_up:
        sleep(0.05)
    assert response.status_code == status, response.text
    return response


def test_a_source_is_made_used_and_switched_off_while_the_server_runs(server: Server) -> None:
    data = ("--data", str(server.data), "--json")
    key = json.loads(onefold("sources", "add", "shop", "--kind", "app", *data))["write_key"]

    def send() -> httpx.Response:
        batch = {"batch": [page(day(1), uid=fresh("u"))]}
        return httpx.post(f"{server.url}/v1/batch", json=batch, auth=(key, ""))

    answered(send, 200)
    onefold("sources", "disable", "shop", *data)
    assert answered(send, 404).json()["code"] == "source_disabled"
    server.send(page(day(1), uid=fresh("u")))  # the others are not touched
    listed = {s["name"]: s for s in json.loads(onefold("sources", "list", *data))}
    assert listed["shop"]["received"] > 0
    assert (listed["shop"]["enabled"], listed["default"]["enabled"]) == (False, True)
    onefold("sources", "enable", "shop", *data)
    answered(send, 200)
    (shown,) = listed["shop"]["keys"]
    onefold("sources", "revoke", "shop", shown, *data)
    assert answered(send, 401).json()["code"] == "unknown_write_key"
