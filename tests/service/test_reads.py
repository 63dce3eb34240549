"""Profiles go out over HTTP."""

from typing import Any

import httpx
import pytest

from actors.errors import BadCursor, Unavailable
from tests.service.desk import READER, MemoryDesk, is_problem

CUSTOMER = {"kind": "customer", "cid": "c1", "version": 7, "digest": "d"}
PATHS = [
    "/api/v1/customers/c1",
    "/api/v1/visitors/u1",
    "/api/v1/customers/c1/timeline",
    "/api/v1/visitors/u1/timeline",
    "/api/v1/stats",
]
PAGE: dict[str, Any] = {"activities": [{"name": "e"}], "next": "cursor"}


async def test_a_customer_comes_with_its_version_as_etag(
    client: httpx.AsyncClient, desk: MemoryDesk
) -> None:
    desk.profiles["customer", "c1"] = CUSTOMER
    response = await client.get("/api/v1/customers/c1", headers=READER)
    assert (response.status_code, response.json()) == (200, CUSTOMER)
    assert response.headers["etag"] == '"7"'
    assert response.headers["content-type"] == "application/json"


@pytest.mark.parametrize("known", ['"7"', 'W/"7"', '"6", "7"', "*"])
async def test_a_version_that_the_client_has_is_304(
    client: httpx.AsyncClient, desk: MemoryDesk, known: str
) -> None:
    desk.profiles["customer", "c1"] = CUSTOMER
    headers = {**READER, "If-None-Match": known}
    response = await client.get("/api/v1/customers/c1", headers=headers)
    assert (response.status_code, response.content) == (304, b"")
    assert response.headers["etag"] == '"7"'


@pytest.mark.parametrize("known", ['"6"', "7", ""])
async def test_any_other_version_is_sent(
    client: httpx.AsyncClient, desk: MemoryDesk, known: str
) -> None:
    desk.profiles["customer", "c1"] = CUSTOMER
    headers = {**READER, "If-None-Match": known}
    assert (await client.get("/api/v1/customers/c1", headers=headers)).json() == CUSTOMER


async def test_a_folded_uid_answers_with_its_customer_and_never_with_304(
    client: httpx.AsyncClient, desk: MemoryDesk
) -> None:
    # The visitor may have had version 7 too, when the client read it.
    folded = {**CUSTOMER, "folded_from": "u1"}
    desk.profiles["visitor", "u1"] = folded
    headers = {**READER, "If-None-Match": '"7"'}
    response = await client.get("/api/v1/visitors/u1", headers=headers)
    assert (response.status_code, response.json()) == (200, folded)
    assert response.headers["etag"] == '"7"'


@pytest.mark.parametrize(
    ("encoded", "value"),
    [
        ("a%2Fb", "a/b"),
        ("a%2Ftimeline", "a/timeline"),
        ("a%252Fb", "a%2Fb"),
        ("a%20b%3Fc%23d", "a b?c#d"),
        ("j%C3%BCrgen@example.com", "jürgen@example.com"),
        ("a+b", "a+b"),
    ],
)
async def test_ids_in_paths_are_percent_encoded(
    client: httpx.AsyncClient, desk: MemoryDesk, encoded: str, value: str
) -> None:
    desk.profiles["customer", value] = CUSTOMER
    desk.timelines["visitor", value] = PAGE
    profile = await client.get(f"/api/v1/customers/{encoded}?x=1", headers=READER)
    page = await client.get(f"/api/v1/visitors/{encoded}/timeline?limit=5", headers=READER)
    assert (profile.json(), page.json()) == (CUSTOMER, PAGE)
    assert desk.asked == [("customer", value), ("visitor", value, 5, None)]


@pytest.mark.parametrize("path", PATHS[:4])
async def test_an_unknown_profile_is_404(client: httpx.AsyncClient, path: str) -> None:
    assert is_problem(await client.get(path, headers=READER), 404, "unknown_profile")


@pytest.mark.parametrize("bad", ["%00", "%20", "x" * 256, "%FF", "000", "%EF%BF%BD"])
async def test_what_can_be_no_id_is_404_without_asking(
    client: httpx.AsyncClient, desk: MemoryDesk, bad: str
) -> None:
    for path in (f"/api/v1/customers/{bad}", f"/api/v1/visitors/{bad}/timeline"):
        assert is_problem(await client.get(path, headers=READER), 404, "unknown_profile")
    assert desk.asked == []


async def test_a_timeline_has_100_activities_unless_told_otherwise(
    client: httpx.AsyncClient, desk: MemoryDesk
) -> None:
    desk.timelines["customer", "c1"] = PAGE
    path = "/api/v1/customers/c1/timeline"
    assert (await client.get(path, headers=READER)).json() == PAGE
    further = {"limit": "1000", "before": "2026-11-23T10:00:00+01:00"}
    await client.get(path, params=further, headers=READER)
    assert desk.asked == [
        ("customer", "c1", 100, None),
        ("customer", "c1", 1_000, "2026-11-23T10:00:00+01:00"),
    ]


@pytest.mark.parametrize("limit", ["0", "1001", "-1", "x", "", "1.5"])
async def test_a_limit_outside_1_to_1000_is_400(client: httpx.AsyncClient, limit: str) -> None:
    response = await client.get(
        "/api/v1/customers/c1/timeline", params={"limit": limit}, headers=READER
    )
    assert is_problem(response, 400, "invalid_parameter")
    assert response.json()["message"].startswith("limit: Expected")


async def test_a_cursor_that_no_page_gave_out_is_400(
    client: httpx.AsyncClient, desk: MemoryDesk
) -> None:
    desk.trouble = BadCursor("x")
    response = await client.get("/api/v1/customers/c1/timeline?before=x", headers=READER)
    assert is_problem(response, 400, "bad_cursor")


async def test_stats_are_counters(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/v1/stats", headers=READER)).json() == {"position": 0}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic YXRfdGVzdDo=", "at_test"])
async def test_a_read_without_a_token_is_401(
    client: httpx.AsyncClient, desk: MemoryDesk, path: str, header: str | None
) -> None:
    headers = {} if header is None else {"Authorization": header}
    response = await client.get(path, headers=headers)
    assert is_problem(response, 401, "missing_token")
    assert response.headers["www-authenticate"] == "Bearer"
    assert desk.asked == []


@pytest.mark.parametrize("path", PATHS)
async def test_a_read_with_a_wrong_token_is_403(client: httpx.AsyncClient, path: str) -> None:
    for wrong in ("Bearer at_tes", "bearer wk_test"):
        response = await client.get(path, headers={"Authorization": wrong})
        assert is_problem(response, 403, "wrong_token")


@pytest.mark.parametrize("path", PATHS)
async def test_a_read_that_no_host_answers_is_503(
    client: httpx.AsyncClient, desk: MemoryDesk, path: str
) -> None:
    desk.trouble = Unavailable(2)
    response = await client.get(path, headers=READER)
    assert is_problem(response, 503, "unavailable")
    assert response.headers["retry-after"] == "2"


async def test_what_nobody_foresaw_is_500(
    client: httpx.AsyncClient, desk: MemoryDesk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.trouble = ZeroDivisionError("the inside")
    response = await client.get("/api/v1/customers/c1", headers=READER)
    assert is_problem(response, 500, "internal")
    assert "ZeroDivisionError: the inside" in capsys.readouterr().out
