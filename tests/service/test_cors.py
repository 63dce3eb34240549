"""Pages of any site may use what SDKs use, and nothing else."""

import httpx
import pytest

from actors.errors import Overloaded
from service.addresses import BATCHES, CALLS, EVENT, JITSU, METRICS, PIXELS
from tests.service.desk import READER, SENDER, WRITE_KEY, MemoryDesk, is_problem

SHOP = "https://shop.example"
BOOT = [f"/v1/projects/{WRITE_KEY}/settings", "/sourceConfig/", "/sourceConfig"]
EVERY = [*BATCHES, *CALLS, *JITSU, *PIXELS, *METRICS, *BOOT, EVENT]
FROM_SHOP = {"Origin": SHOP}
BATCH = {"batch": [{"type": "page", "userId": "c1"}]}


def is_allowed(response: httpx.Response) -> bool:
    """Tell whether a page of the shop may read an answer, and knows when to come back."""
    headers = response.headers
    assert headers["vary"] == "Origin"
    assert headers["access-control-allow-credentials"] == "true"
    assert headers["access-control-expose-headers"] == "Retry-After"
    return headers.get_list("access-control-allow-origin") == [SHOP]


@pytest.mark.parametrize("path", EVERY)
async def test_a_browser_may_ask_beforehand_without_a_key(
    client: httpx.AsyncClient, path: str
) -> None:
    asked = "anonymousid,authorization,content-type,sentat"
    response = await client.options(
        path,
        headers={
            **FROM_SHOP,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": asked,
        },
    )
    assert (response.status_code, response.content) == (204, b"")
    assert is_allowed(response)
    assert response.headers["access-control-allow-headers"] == asked
    assert response.headers["access-control-allow-methods"] == "GET, POST, OPTIONS"
    assert response.headers["access-control-max-age"] == "900"


async def test_a_browser_that_names_no_headers_hears_of_those_that_sdks_send(
    client: httpx.AsyncClient,
) -> None:
    response = await client.options("/v1/batch", headers=FROM_SHOP)
    allowed = response.headers["access-control-allow-headers"].split(", ")
    assert {"authorization", "content-type", "anonymousid", "sentat"} < set(allowed)


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/batch/", EVENT])
async def test_answers_may_be_read(client: httpx.AsyncClient, path: str) -> None:
    response = await client.post(path, json=BATCH, auth=SENDER, headers=FROM_SHOP)
    assert response.status_code == 200
    assert is_allowed(response)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/v1/batch", 401),
        ("POST", "/v1/t/", 401),
        ("GET", "/pixel/v1/page", 401),
        ("GET", "/event", 401),
        ("GET", "/v1/projects/other/settings", 401),
        ("GET", "/sourceConfig/", 401),
        ("GET", "/v1/batch", 405),
        ("POST", "/v1/nothing", 404),
        ("POST", "/api/s/nothing", 404),
    ],
)
async def test_errors_may_be_read_too(
    client: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    response = await client.request(method, path, json=BATCH, headers=FROM_SHOP)
    assert response.status_code == status
    assert set(response.json()) == {"success", "code", "message"}
    assert is_allowed(response)


async def test_how_long_to_wait_may_be_read(client: httpx.AsyncClient, desk: MemoryDesk) -> None:
    desk.trouble = Overloaded(7)
    response = await client.post("/v1/b", json=BATCH, auth=SENDER, headers=FROM_SHOP)
    assert is_problem(response, 429, "overloaded")
    assert is_allowed(response)
    assert response.headers["retry-after"] == "7"


async def test_who_is_no_browser_is_told_nothing_of_it(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/batch", json=BATCH, auth=SENDER)
    assert not [name for name in response.headers if name.startswith("access-control")]
    assert response.headers["vary"] == "Origin"


@pytest.mark.parametrize(
    "path",
    [
        *("/api/v1/stats", "/api/v1/customers/c1", "/healthz", "/openapi.json"),
        "/v1/spaces/main/collections/users/profiles/user_id:c1/traits",
    ],
)
async def test_other_sites_may_not_read_profiles(client: httpx.AsyncClient, path: str) -> None:
    for method in ("GET", "OPTIONS"):
        response = await client.request(method, path, headers={**FROM_SHOP, **READER})
        assert not [name for name in response.headers if name.startswith("access-control")]
