"""What the app says of itself, and of addresses that are none."""

import httpx
import pytest

from service.addresses import BATCHES, CALLS, EVENT, JITSU, METRICS, PIXELS, SOURCE_CONFIG
from tests.service.desk import MemoryDesk, is_problem

SPACES = "/v1/spaces/{space}/collections/users/profiles/{external}"


async def test_healthz_answers_as_long_as_the_process_lives(
    client: httpx.AsyncClient, desk: MemoryDesk
) -> None:
    desk.trouble = RuntimeError("no store")
    response = await client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


async def test_readyz_says_whether_calls_can_be_taken(
    client: httpx.AsyncClient, desk: MemoryDesk
) -> None:
    assert (await client.get("/readyz")).status_code == 200
    desk.is_ready = False
    response = await client.get("/readyz")
    assert is_problem(response, 503, "not_ready")
    assert response.headers["retry-after"] == "1"


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/tracks", "/api/v1", "/api/v1/customers", "/api/v1/customers/a/b"]
)
async def test_an_unknown_address_is_404(client: httpx.AsyncClient, path: str) -> None:
    assert is_problem(await client.get(path), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/batch"), ("PUT", "/v1/track"), ("POST", "/healthz"), ("DELETE", "/api/v1/stats")],
)
async def test_a_method_that_an_address_has_not_is_405(
    client: httpx.AsyncClient, method: str, path: str
) -> None:
    response = await client.request(method, path)
    assert is_problem(response, 405, "method_not_allowed")
    assert "OPTIONS" in response.headers["allow"]


@pytest.mark.parametrize("path", ["/openapi.json/x", "/openapi.json/a/b"])
async def test_beneath_the_openapi_document_there_is_nothing(
    client: httpx.AsyncClient, path: str
) -> None:
    assert is_problem(await client.get(path), 404, "not_found")


async def test_the_openapi_document_describes_every_address(client: httpx.AsyncClient) -> None:
    response = await client.get("/openapi.json")
    assert response.status_code == 200
    document = response.json()
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]) == {
        *(*BATCHES, *CALLS, *JITSU, *PIXELS, *METRICS, EVENT, SOURCE_CONFIG),
        "/v1/projects/{key}/settings",
        *("/api/v1/customers/{cid}", "/api/v1/customers/{cid}/timeline"),
        *("/api/v1/visitors/{uid}", "/api/v1/visitors/{uid}/timeline"),
        *(f"/api/v1/customers/{{cid}}/{of}" for of in ("history", "explain", "identities")),
        *(f"/api/v1/visitors/{{uid}}/{of}" for of in ("history", "explain", "identities")),
        *(f"{SPACES}/{of}" for of in ("events", "external_ids", "links", "metadata", "traits")),
        *("/api/v1/stats", "/healthz", "/readyz"),
    }


async def test_the_openapi_document_describes_bodies_answers_and_keys(
    client: httpx.AsyncClient,
) -> None:
    document = (await client.get("/openapi.json")).json()
    batch = document["paths"]["/v1/batch"]["post"]
    assert batch["requestBody"]["content"]["application/json"]["schema"]["required"] == ["batch"]
    assert set(batch["responses"]) == {"200", "400", "401", "404", "413", "429", "503"}
    assert batch["security"] == [{"writeKey": []}]
    customer = document["paths"]["/api/v1/customers/{cid}"]["get"]
    assert set(customer["responses"]) == {"200", "304", "400", "401", "403", "404", "503"}
    schemas = [
        body["schema"]
        for code in customer["responses"].values()
        for body in code.get("content", {}).values()
    ]
    assert {schema["$ref"].rpartition("/")[2] for schema in schemas} == {"ProfileShown", "Problem"}
    assert customer["security"] == [{"token": []}]
    assert set(document["components"]["securitySchemes"]) == {"writeKey", "token"}
