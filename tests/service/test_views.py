"""What is answered out of the views: searches, rejections, daily counts, sessions."""

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, cast

import httpx
import msgspec
import pytest

from store.views.errors import ViewMissing
from tests.controls.calls import rejected
from tests.controls.times import day
from tests.projections.asking import Asked, MemoryViews, people
from tests.projections.views import folded
from tests.service.desk import READER, MemoryDesk, client_of, is_problem

if TYPE_CHECKING:
    from store.views.reader import Views

POSITION = 30


@pytest.fixture
def views() -> Iterator[MemoryViews]:
    world = people()
    world.send(rejected(at=day(1)), rejected("bad_id", at=day(2)), rejected(source="app"))
    with folded(world.log) as found:
        yield MemoryViews(Asked(found, POSITION))


@pytest.fixture
async def reader(views: MemoryViews) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(MemoryDesk(), views=cast("Views", views)) as client:
        client.headers.update(READER)
        yield client


def told(response: httpx.Response) -> list[str]:
    assert response.status_code == 200, response.text
    return [each.get("cid") or each["uid"] for each in response.json()["profiles"]]


PRO = '{"attribute": "plan", "op": "=", "value": "pro"}'


async def test_profiles_are_found_by_a_filter(reader: httpx.AsyncClient) -> None:
    answer = await reader.get("/api/v1/profiles", params={"filter": PRO, "count": "true"})
    assert told(answer) == ["ana"]
    rest = {key: value for key, value in answer.json().items() if key != "profiles"}
    assert rest == {"next": None, "unknown_attributes": [], "count": 1, "position": POSITION}


async def test_a_search_in_a_body_is_the_same(reader: httpx.AsyncClient) -> None:
    body = {"filter": msgspec.json.decode(PRO), "count": True}
    by_body = await reader.post("/api/v1/profiles/search", json=body)
    by_query = await reader.get("/api/v1/profiles", params={"filter": PRO, "count": "true"})
    assert by_body.json() == by_query.json()


async def test_pages_of_profiles_follow_each_other(reader: httpx.AsyncClient) -> None:
    first = await reader.get("/api/v1/profiles", params={"limit": 3, "sort": "last_seen"})
    after = first.json()["next"]
    second = await reader.get("/api/v1/profiles", params={"sort": "last_seen", "after": after})
    assert [*told(first), *told(second)] == ["u4", "ben", "u3", "ana"]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"filter": "{"}, "invalid_filter"),
        ({"filter": '{"attribute": "a", "op": "~", "value": 1}'}, "unknown_operator"),
        ({"filter": '{"column": "plan", "op": "=", "value": 1}'}, "unknown_column"),
        ({"filter": '{"column": "last_seen", "op": ">", "value": "x"}'}, "bad_timestamp"),
        ({"filter": '{"and": [{"and": [{"and": [{"activity": "A"}]}]}]}'}, "filter_too_deep"),
        ({"after": "nonsense"}, "bad_cursor"),
        ({"sort": "digest"}, "bad_sort"),
        ({"limit": "0"}, "invalid_parameter"),
        ({"wait_for": "-1"}, "invalid_parameter"),
    ],
)
async def test_a_question_that_makes_no_sense_is_answered_with_why(
    reader: httpx.AsyncClient, params: dict[str, str], code: str
) -> None:
    assert is_problem(await reader.get("/api/v1/profiles", params=params), 400, code)


async def test_an_answer_waits_for_a_position_and_says_how_far_it_got(
    reader: httpx.AsyncClient,
) -> None:
    there = await reader.get("/api/v1/profiles", params={"wait_for": POSITION})
    assert there.json()["position"] == POSITION
    for path in ("/api/v1/profiles", "/api/v1/rejections", "/api/v1/activities/daily"):
        never = await reader.get(path, params={"wait_for": POSITION + 1})
        assert is_problem(never, 504, "position_not_reached")
        assert f"at {POSITION} still" in never.json()["message"]


async def test_rejections_are_listed_newest_first_and_counted(reader: httpx.AsyncClient) -> None:
    answer = (await reader.get("/api/v1/rejections", params={"limit": 2})).json()
    assert [(each["source"], each["code"]) for each in answer["rejections"]] == [
        ("app", "poison_id"),
        ("web", "bad_id"),
    ]
    assert answer["counts"] == {"bad_id": 1, "poison_id": 2}
    rest = await reader.get("/api/v1/rejections", params={"after": answer["next"]})
    assert [each["recorded_at"] for each in rest.json()["rejections"]] == [
        "2024-01-01T00:00:00.000000Z"
    ]


async def test_rejections_are_of_a_source_a_code_and_a_time(reader: httpx.AsyncClient) -> None:
    async def codes(**params: str) -> list[str]:
        answer = await reader.get("/api/v1/rejections", params=params)
        return [each["code"] for each in answer.json()["rejections"]]

    assert await codes(source="app") == ["poison_id"]
    assert await codes(source="web", code="bad_id") == ["bad_id"]
    assert await codes(**{"from": "2024-01-02T00:00:00Z"}) == ["bad_id"]
    assert await codes(to="2024-01-02T00:00:00Z") == ["poison_id", "poison_id"]
    bad = await reader.get("/api/v1/rejections", params={"from": "yesterday"})
    assert is_problem(bad, 400, "bad_timestamp")
    assert is_problem(await reader.get("/api/v1/rejections?after=x"), 400, "bad_cursor")


async def test_activities_are_counted_by_day_with_different_profiles(
    reader: httpx.AsyncClient,
) -> None:
    params = {"name": "Bought", "from": "2024-01-09", "to": "2024-01-10", "profiles": "true"}
    answer = await reader.get("/api/v1/activities/daily", params=params)
    common = {"name": "Bought", "source": "web", "count": 1, "profiles": 1}
    assert answer.json()["days"] == [
        {"day": "2024-01-09"} | common,
        {"day": "2024-01-10"} | common,
    ]
    first = await reader.get("/api/v1/activities/daily", params={"limit": 1})
    rest = await reader.get("/api/v1/activities/daily", params={"after": first.json()["next"]})
    everything = await reader.get("/api/v1/activities/daily")
    assert first.json()["days"] + rest.json()["days"] == everything.json()["days"]
    assert is_problem(await reader.get("/api/v1/activities/daily?after=x"), 400, "bad_cursor")


async def test_sessions_are_those_of_all_uids_of_a_profile(reader: httpx.AsyncClient) -> None:
    by_cid = (await reader.get("/api/v1/customers/ana/sessions")).json()
    by_uid = (await reader.get("/api/v1/visitors/u1/sessions")).json()
    assert by_cid == by_uid
    starts = [each["started_at"][:10] for each in by_cid["sessions"]]
    assert starts == ["2024-01-10", "2024-01-09", "2024-01-01"]
    first = (await reader.get("/api/v1/customers/ana/sessions?limit=2")).json()
    after = {"after": first["next"]}
    rest = (await reader.get("/api/v1/customers/ana/sessions", params=after)).json()
    assert first["sessions"] + rest["sessions"] == by_cid["sessions"]
    assert is_problem(await reader.get("/api/v1/customers/cy/sessions"), 404, "unknown_profile")
    assert is_problem(await reader.get("/api/v1/customers/ana/sessions?after=x"), 400, "bad_cursor")


async def test_a_view_that_is_not_there_is_unavailable(
    reader: httpx.AsyncClient, views: MemoryViews, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*names: str) -> None:
        raise ViewMissing(names[0])

    monkeypatch.setattr(views, "reading", missing)
    assert is_problem(await reader.get("/api/v1/profiles"), 503, "view_unavailable")


@pytest.mark.parametrize(
    "path", ["/profiles", "/rejections", "/activities/daily", "/customers/ana/sessions"]
)
async def test_nothing_is_told_without_a_token(reader: httpx.AsyncClient, path: str) -> None:
    reader.headers.pop("authorization")
    assert is_problem(await reader.get(f"/api/v1{path}"), 401, "missing_token")
