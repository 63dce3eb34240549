"""A running deployment answers for its past, and seals it as it grows."""

import json
from typing import Any

import pytest

from tests.cluster.calls import day, fresh, identify, page
from tests.cluster.server import Server
from tests.cluster.test_command_line import onefold
from tests.controls.databases import until

pytestmark = pytest.mark.ray


def read(server: Server, path: str) -> Any:
    """Read what must be there."""
    response = server.api.get(f"/api/v1/{path}")
    assert response.status_code == 200, response.text
    return response.json()


def test_the_past_is_asked_for_over_http(server: Server) -> None:
    """A visitor before its fold, what the customer's value was, and why it is what it is."""
    uid, cid = fresh("u"), fresh("c")
    server.send(
        page(day(1), uid=uid),
        identify(day(3), {"plan": "free"}, uid=uid, cid=cid),
        identify(day(5), {"plan": "pro"}, uid=uid, cid=cid),
    )
    before = read(server, f"visitors/{uid}?as_of={day(2)}")
    assert (before["kind"], before["activity_count"]) == ("visitor", 1)
    assert read(server, f"customers/{cid}?as_of={day(4)}")["attributes"]["plan"] == "free"
    assert server.api.get(f"/api/v1/customers/{cid}?as_of={day(2)}").status_code == 404
    explained = read(server, f"customers/{cid}/explain?attribute=plan")
    assert [write["value"] for write in explained["beaten"]] == ["free"]
    assert [each["uid"] for each in read(server, f"customers/{cid}/identities")["uids"]] == [uid]
    assert len(read(server, f"customers/{cid}/history")["events"]) == 7


@pytest.mark.slow
def test_a_running_deployment_is_sealed_and_verified_beside_its_work(server: Server) -> None:
    def verified() -> dict[str, Any]:
        told: dict[str, Any] = json.loads(
            onefold("audit", "verify", "--data", str(server.data), "--json")
        )
        return told

    before = verified()["blocks"] if (server.data / "seal.key").exists() else 0
    server.send(*(page(day(1), uid=fresh("u")) for _ in range(600)))
    until(lambda: (server.data / "seal.key").exists() and verified()["blocks"] > before)
    told = verified()
    assert (told["rows"], told["findings"]) == (told["blocks"] * 1_000, [])
