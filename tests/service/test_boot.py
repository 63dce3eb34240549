"""What SDKs fetch before they start."""

from typing import Any

import httpx
import pytest

from service.config import Config, ConfigError, load_config
from service.sources import Source
from tests.service.desk import CREDENTIALS, SENDER, WRITE_KEY, MemoryDesk, client_of, is_problem

SETTINGS = f"/v1/projects/{WRITE_KEY}/settings"
CONFIG = f"/sourceConfig/?p=npm&v=3.34.1&build=modern&writeKey={WRITE_KEY}"


async def host_of(client: httpx.AsyncClient, **headers: str) -> tuple[str, str]:
    """Give protocol and host to which the settings lead."""
    settings = (await client.get(SETTINGS, headers=headers)).json()
    integration = settings["integrations"]["Segment.io"]
    return integration["protocol"], integration["apiHost"]


async def test_segments_settings_lead_to_this_server_with_exactly_one_integration(
    client: httpx.AsyncClient,
) -> None:
    response = await client.get(SETTINGS)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "public, max-age=300"
    integration = {"apiKey": WRITE_KEY, "apiHost": "onefold/v1", "protocol": "http"}
    assert response.json() == {
        "integrations": {"Segment.io": integration},
        "metrics": {"sampleRate": 0},
        "plan": {"track": {"__default": {"enabled": True, "integrations": {}}}},
        "remotePlugins": [],
    }


async def test_the_settings_lead_to_where_the_request_went(client: httpx.AsyncClient) -> None:
    assert await host_of(client, Host="cdp.example:8080") == ("http", "cdp.example:8080/v1")
    assert await host_of(client, Host="[::1]:8080") == ("http", "[::1]:8080/v1")


async def test_a_forwarded_host_leads_nowhere(client: httpx.AsyncClient) -> None:
    forwarded = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    assert await host_of(client, **forwarded) == ("http", "onefold/v1")


@pytest.mark.parametrize("host", ["", "a b", "a/b", 'a"', "a?b"])
async def test_a_host_that_is_none_is_400(client: httpx.AsyncClient, host: str) -> None:
    response = await client.get(SETTINGS, headers={"Host": host})
    assert is_problem(response, 400, "bad_request" if host else "bad_host")


@pytest.mark.parametrize(
    ("public_url", "expected"),
    [
        ("https://cdp.example", ("https", "cdp.example/v1")),
        ("https://cdp.example/", ("https", "cdp.example/v1")),
        ("http://cdp.example:81/in/", ("http", "cdp.example:81/in/v1")),
    ],
)
async def test_behind_a_proxy_they_lead_to_the_public_address(
    desk: MemoryDesk, public_url: str, expected: tuple[str, str]
) -> None:
    async with client_of(desk, Config(public_url=public_url)) as client:
        assert await host_of(client, Host="inside") == expected


@pytest.mark.parametrize(
    "url", ["cdp.example", "ftp://a", "https://", "https://a?b", "https://a b"]
)
def test_a_public_address_is_a_url(url: str) -> None:
    with pytest.raises(ConfigError, match="public_url"):
        load_config(None, {"ONEFOLD_PUBLIC_URL": url}, {})


@pytest.mark.parametrize("path", [CONFIG, CONFIG.replace("/?", "?"), "/sourceConfig/"])
async def test_rudderstacks_configuration_says_that_there_is_a_source(
    client: httpx.AsyncClient, path: str
) -> None:
    response = await client.get(path, auth=SENDER)
    assert response.status_code == 200
    assert response.headers["cache-control"] == "private, max-age=300"
    off = {"enabled": False}
    source = {
        "id": "web",
        "name": "web",
        "writeKey": WRITE_KEY,
        "workspaceId": "onefold",
        "enabled": True,
        "destinations": [],
        "config": {"statsCollection": {"errors": off, "metrics": off}},
    }
    assert response.json() == {"source": source}


@pytest.mark.parametrize("path", ["/v1/projects/other/settings", "/sourceConfig/"])
async def test_an_unknown_key_is_401(client: httpx.AsyncClient, path: str) -> None:
    assert is_problem(await client.get(path), 401, "unknown_write_key")


async def test_a_disabled_source_stops_either_sdk(desk: MemoryDesk) -> None:
    off = CREDENTIALS.with_source(Source(name="web", is_enabled=False))
    async with client_of(desk, credentials=off) as client:
        assert is_problem(await client.get(SETTINGS), 404, "source_disabled")
        document: dict[str, Any] = (await client.get(CONFIG)).json()
    assert document["source"]["enabled"] is False
