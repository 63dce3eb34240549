"""Segment's Profile API, from our profiles (decision 0019)."""

import httpx
import pytest

from domain.document import Document
from tests.service.desk import API_TOKEN, READER, MemoryDesk

USERS = "/v1/spaces/any/collections/users/profiles"
BASIC = (API_TOKEN, "")


def ana(**more: object) -> Document:
    return {
        "kind": "customer",
        "cid": "ana",
        "uids": ["u1", "u2"],
        "attributes": {"plan": "pro", "age": 30, "groups": ["g1", "g2"]},
        "first_seen": "2024-01-01T00:00:00.000000Z",
        "last_seen": "2024-01-02T00:00:00.000000Z",
        **more,
    }


@pytest.fixture
def desk(desk: MemoryDesk) -> MemoryDesk:
    desk.profiles["customer", "ana"] = ana()
    desk.profiles["visitor", "u1"] = ana(folded_from="u1")
    desk.timelines["customer", "ana"] = {
        "activities": [
            activity("$page", uid="u1"),
            activity("Bought", uid=None),
        ],
        "next": "1.m",
    }
    return desk


def activity(name: str, uid: str | None) -> dict[str, object]:
    return {
        "name": name,
        "occurred_at": "2024-01-02T00:00:00.000000Z",
        "recorded_at": "2024-01-02T00:00:01.000000Z",
        "message_id": f"m-{name}",
        "uid": uid,
        "source": "web",
        "properties": {"path": "/"},
        "context": {"locale": "de"},
        "position": 1,
    }


async def test_traits_are_attributes_under_a_cursor(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"{USERS}/user_id:ana/traits", auth=BASIC)
    assert answer.json() == {
        "traits": {"age": 30, "groups": ["g1", "g2"], "plan": "pro"},
        "cursor": {
            "url": f"{USERS}/user_id:ana/traits?limit=10",
            "has_more": False,
            "next": "",
            "limit": 10,
        },
    }


async def test_traits_come_in_pages_and_by_name(client: httpx.AsyncClient) -> None:
    first = (await client.get(f"{USERS}/user_id:ana/traits?limit=2", auth=BASIC)).json()
    assert (list(first["traits"]), first["cursor"]["has_more"]) == (["age", "groups"], True)
    second = (await client.get(first["cursor"]["url"], auth=BASIC)).json()
    assert (second["traits"], second["cursor"]["has_more"]) == ({"plan": "pro"}, False)
    some = (await client.get(f"{USERS}/user_id:ana/traits?include=plan,x", auth=BASIC)).json()
    assert some["traits"] == {"plan": "pro"}


async def test_a_folded_anonymous_id_gives_its_customer(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"{USERS}/anonymous_id:u1/external_ids", headers=READER)
    ids = [(each["type"], each["id"]) for each in answer.json()["data"]]
    assert ids == [("user_id", "ana"), ("anonymous_id", "u1"), ("anonymous_id", "u2")]


async def test_events_are_activities_in_segments_shape(client: httpx.AsyncClient) -> None:
    answer = (await client.get(f"{USERS}/user_id:ana/events?limit=2", auth=BASIC)).json()
    page, bought = answer["data"]
    assert (page["type"], "event" in page, "context" in page) == ("page", False, False)
    assert (bought["type"], bought["event"]) == ("track", "Bought")
    assert (answer["cursor"]["next"], answer["cursor"]["has_more"]) == ("1.m", True)
    told = (await client.get(f"{USERS}/user_id:ana/events?verbose=true", auth=BASIC)).json()
    assert told["data"][0]["context"] == {"locale": "de"}
    assert [each["id"] for each in told["data"][0]["external_ids"]] == ["u1"]
    assert told["data"][1]["external_ids"] == []


async def test_groups_are_linked_accounts_and_metadata_tells_the_times(
    client: httpx.AsyncClient,
) -> None:
    links = (await client.get(f"{USERS}/user_id:ana/links?limit=1", auth=BASIC)).json()
    assert [each["external_ids"][0]["id"] for each in links["data"]] == ["g1"]
    assert links["cursor"]["has_more"]
    times = (await client.get(f"{USERS}/user_id:ana/metadata", auth=BASIC)).json()
    assert times["metadata"] == {
        "created_at": "2024-01-01T00:00:00.000000Z",
        "updated_at": "2024-01-02T00:00:00.000000Z",
        "expires_at": None,
    }


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("user_id:nobody/traits", 404, "unknown_profile"),
        ("email:a@b.c/traits", 404, "unknown_profile"),
        ("ana/traits", 404, "unknown_profile"),
        ("user_id:ana/traits?next=x", 400, "bad_cursor"),
        ("user_id:ana/traits?limit=0", 400, "invalid_parameter"),
    ],
)
async def test_problems_have_segments_shape(
    client: httpx.AsyncClient, path: str, status: int, code: str
) -> None:
    answer = await client.get(f"{USERS}/{path}", auth=BASIC)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (None, 401),
        ("Basic !!", 401),
        ("Basic Og==", 401),
        ("Basic d3Jvbmc6", 403),
        ("Bearer x", 403),
    ],
)
async def test_nobody_reads_without_the_token(
    client: httpx.AsyncClient, header: str | None, status: int
) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = await client.get(f"{USERS}/user_id:ana/traits", headers=headers)
    assert answer.status_code == status


async def test_an_id_may_hold_a_slash_and_a_colon(
    client: httpx.AsyncClient, desk: MemoryDesk
) -> None:
    desk.profiles["customer", "a/b:c%"] = ana(cid="a/b:c%")
    answer = await client.get(f"{USERS}/user_id:a%2Fb:c%25/external_ids", auth=BASIC)
    assert answer.json()["data"][0]["id"] == "a/b:c%"


async def test_pages_of_other_sites_may_not_read(client: httpx.AsyncClient) -> None:
    headers = {"Origin": "https://shop.example"}
    answer = await client.get(f"{USERS}/user_id:ana/traits", auth=BASIC, headers=headers)
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers
