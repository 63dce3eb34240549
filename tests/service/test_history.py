"""The past and the history over HTTP."""

from typing import Any

import httpx
import pytest

from domain.errors import UnknownAttribute
from domain.history import Stretch
from domain.instants import parse_instant
from domain.person import Then
from tests.service.desk import READER, MemoryDesk, is_problem

T, K = "2026-01-02T03:04:05Z", "2026-02-03"
THEN = Then(parse_instant(T), parse_instant(K))
TOLD: dict[str, Any] = {"told": True}
FURTHER = ["history", "explain?attribute=plan", "identities"]


@pytest.mark.parametrize("kind", ["customer", "visitor"])
async def test_a_profile_of_the_past_comes_without_an_etag(
    client: httpx.AsyncClient, desk: MemoryDesk, kind: Any
) -> None:
    desk.histories["past", kind, "x/y"] = TOLD
    path = f"/api/v1/{kind}s/x%2Fy?as_of={T}&as_known_at={K}"
    response = await client.get(path, headers={**READER, "If-None-Match": "*"})
    assert (response.status_code, response.json()) == (200, TOLD)
    assert "etag" not in response.headers
    assert desk.asked == [("past", kind, "x/y", THEN)]


async def test_either_moment_may_be_asked_for_alone(
    client: httpx.AsyncClient, desk: MemoryDesk
) -> None:
    for given in ("as_of", "as_known_at"):
        await client.get(f"/api/v1/customers/c1?{given}={K}", headers=READER)
    assert desk.asked == [
        ("past", "customer", "c1", Then(as_of=parse_instant(K))),
        ("past", "customer", "c1", Then(as_known_at=parse_instant(K))),
    ]


@pytest.mark.parametrize("written", ["2026-01-02T05:04:05+02:00", "2026-01-02T05:04:05%2B02:00"])
async def test_a_plus_need_not_be_encoded(
    client: httpx.AsyncClient, desk: MemoryDesk, written: str
) -> None:
    await client.get(f"/api/v1/customers/c1?as_of={written}", headers=READER)
    assert desk.asked == [("past", "customer", "c1", Then(parse_instant(T)))]


async def test_the_timeline_has_a_past_too(client: httpx.AsyncClient, desk: MemoryDesk) -> None:
    desk.timelines["visitor", "u1"] = TOLD
    path = f"/api/v1/visitors/u1/timeline?as_of={T}&as_known_at={K}"
    assert (await client.get(path, headers=READER)).json() == TOLD
    assert desk.asked == [("visitor", "u1", 100, None, THEN)]


@pytest.mark.parametrize("of", ["", "/timeline", "/identities", "/explain?attribute=a"])
@pytest.mark.parametrize("name", ["as_of", "as_known_at"])
@pytest.mark.parametrize("bad", ["", "yesterday", "2026-13-01", "1700000000", "%00", "T x"])
async def test_a_moment_that_is_none_is_400(
    client: httpx.AsyncClient, desk: MemoryDesk, of: str, name: str, bad: str
) -> None:
    mark = "&" if "?" in of else "?"
    response = await client.get(f"/api/v1/customers/c1{of}{mark}{name}={bad}", headers=READER)
    assert is_problem(response, 400, "bad_timestamp")
    assert desk.asked == []


@pytest.mark.parametrize("kind", ["customer", "visitor"])
async def test_a_history_is_asked_for_page_by_page(
    client: httpx.AsyncClient, desk: MemoryDesk, kind: Any
) -> None:
    desk.histories["history", kind, "x"] = TOLD
    path = f"/api/v1/{kind}s/x/history"
    assert (await client.get(path, headers=READER)).json() == TOLD
    await client.get(f"{path}?limit=7&after=12&order=newest", headers=READER)
    assert desk.asked == [
        ("history", kind, "x", Stretch(100)),
        ("history", kind, "x", Stretch(7, 12, newest_first=True)),
    ]


@pytest.mark.parametrize(
    "bad", ["limit=0", "limit=1001", "after=-1", "after=x", f"after={2**63}", "order=random"]
)
async def test_a_page_that_cannot_be_is_400(client: httpx.AsyncClient, bad: str) -> None:
    response = await client.get(f"/api/v1/customers/c1/history?{bad}", headers=READER)
    assert is_problem(response, 400, "invalid_parameter")


@pytest.mark.parametrize("kind", ["customer", "visitor"])
async def test_explain_and_identities_answer_as_told(
    client: httpx.AsyncClient, desk: MemoryDesk, kind: Any
) -> None:
    for what in ("explain", "identities"):
        desk.histories[what, kind, "x"] = {what: True}
    path = f"/api/v1/{kind}s/x"
    query = f"as_of={T}&as_known_at={K}"
    explained = await client.get(f"{path}/explain?attribute=a%20b&{query}", headers=READER)
    tied = await client.get(f"{path}/identities?{query}", headers=READER)
    assert (explained.json(), tied.json()) == ({"explain": True}, {"identities": True})
    assert desk.asked == [
        ("explain", kind, "x", "a b", THEN),
        ("identities", kind, "x", THEN),
    ]


async def test_explain_needs_the_name_of_an_attribute(client: httpx.AsyncClient) -> None:
    response = await client.get("/api/v1/customers/c1/explain", headers=READER)
    assert is_problem(response, 400, "invalid_parameter")


async def test_an_attribute_that_nobody_wrote_is_404(
    client: httpx.AsyncClient, desk: MemoryDesk
) -> None:
    desk.trouble = UnknownAttribute("plan")
    response = await client.get("/api/v1/customers/c1/explain?attribute=plan", headers=READER)
    assert is_problem(response, 404, "unknown_attribute")


@pytest.mark.parametrize("kind", ["customers", "visitors"])
@pytest.mark.parametrize("of", ["", *(f"/{further}" for further in FURTHER)])
async def test_who_did_not_exist_then_is_404(client: httpx.AsyncClient, kind: str, of: str) -> None:
    mark = "&" if "?" in of else "?"
    response = await client.get(f"/api/v1/{kind}/x{of}{mark}as_of={K}", headers=READER)
    assert is_problem(response, 404, "unknown_profile")


@pytest.mark.parametrize("further", FURTHER)
async def test_a_history_is_not_for_everybody(client: httpx.AsyncClient, further: str) -> None:
    path = f"/api/v1/visitors/u1/{further}"
    assert is_problem(await client.get(path), 401, "missing_token")
    wrong = {"Authorization": "Bearer x"}
    assert is_problem(await client.get(path, headers=wrong), 403, "wrong_token")
