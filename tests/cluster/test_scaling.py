"""A cluster of three nodes changes under load: nothing is lost, doubled or out of order."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count, cycle
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import psycopg
import pytest

from actors.cluster import joined_ray
from actors.configured_ray import ray
from actors.infos import own_node
from actors.members import Member, make
from actors.nodes import living
from domain.attributes import Policies
from domain.events import ActivityTracked
from scripts.postgres import Postgres
from store.folder import open_store
from tests.cluster.nodes import Nodes, cluster_of, joined
from tests.cluster.server import WRITE_KEY, Server
from tests.cluster.test_starting import refused
from tests.cluster.test_survival import journeys
from tests.controls.databases import TEMPLATE

pytestmark = [pytest.mark.ray, pytest.mark.slow]

WRITERS = 3
NUMBERS = count()

Load = list[list[dict[str, Any]]]


class Deployed:
    """Three nodes with a deployment in them, and its database."""

    def __init__(self, nodes: Nodes, server: Server, address: str, data: Path) -> None:
        self.nodes = nodes
        self.server = server
        self.address = address
        self.data = data

    def hosts(self) -> list[Any]:
        """Tell the hosts that there are."""
        hosts: list[Any] = self.nodes.status()["hosts"]
        return hosts


@pytest.fixture(scope="module")
def deployed(
    postgres_server: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployed]:
    """One for all tests: they keep apart by their writers, and leave three usable nodes."""
    postgres_server.execute(f"CREATE DATABASE scaling TEMPLATE {TEMPLATE}")
    address, data = postgres_server.address("scaling"), tmp_path_factory.mktemp("scaling")
    with (
        cluster_of(3, data, address) as nodes,
        joined(nodes, data, "--hosts", "2") as server,
    ):
        yield Deployed(nodes, server, address, data)


class Guest:
    """An actor like any member of a deployment, that only tells where it is."""

    def __init__(self, _: None) -> None: ...

    def node(self) -> str:
        return own_node()


def test_a_member_starts_on_the_node_that_was_chosen(deployed: Deployed) -> None:
    with joined_ray(deployed.nodes.cluster.address):
        chosen = [node.id for node in living((), (), None) for _ in range(3)]
        guests = [make(f"guest-{n}", Member(Guest, None), node) for n, node in enumerate(chosen)]
        try:
            assert ray.get([guest.node.remote() for guest in guests]) == chosen
        finally:
            for guest in guests:
                ray.kill(guest)


def test_hosts_come_and_go_under_load(deployed: Deployed) -> None:
    def scale() -> None:
        for hosts in (4, 1):
            now = deployed.nodes.command("scale", str(hosts))
            assert sum(now["placement"]["slots"].values()) == 1_024
            assert len(now["hosts"]) == hosts
        deployed.nodes.command("scale", "2")

    expect_nothing_lost(deployed, scale)


def test_a_drained_node_has_nothing_left_and_nobody_noticed(deployed: Deployed) -> None:
    def drain() -> None:
        node = deployed.hosts()[0]["node"]
        now = deployed.nodes.command("drain", node[:12])
        members = [*now["hosts"], *now["gateways"], *now["projectors"], now["supervisor"]]
        assert node not in {member["node"] for member in members}
        assert len(now["hosts"]) == 2
        deployed.nodes.command("drain", node[:12], "--undo")
        deployed.nodes.wait_until(lambda now: len(now["gateways"]) == 3 and now["is_settled"])

    expect_nothing_lost(deployed, drain)


def test_a_node_that_dies_is_made_up_for_and_a_new_one_is_used(deployed: Deployed) -> None:
    def kill() -> None:
        victim = deployed.nodes.kill()
        deployed.nodes.wait_until(
            lambda now: (
                now["is_settled"]
                and len(now["gateways"]) == 2
                and all(host["node"] not in {None, victim} for host in now["hosts"])
            )
        )
        deployed.nodes.add()
        deployed.nodes.wait_until(lambda now: len(now["gateways"]) == 3 and now["is_settled"])

    expect_nothing_lost(deployed, kill)


def test_all_code_is_replaced_under_load(deployed: Deployed) -> None:
    before = deployed.nodes.status()

    def upgrade() -> None:
        after = deployed.nodes.command("upgrade")
        for kind in ("hosts", "gateways", "projectors"):
            assert len(after[kind]) == len(before[kind])
            assert pids(before[kind]).isdisjoint(pids(after[kind]))

    expect_nothing_lost(deployed, upgrade)


def test_a_node_without_the_secrets_gets_nobody_and_says_what_it_lacks(
    deployed: Deployed,
) -> None:
    nodes = deployed.nodes
    poor = Nodes(nodes.cluster, {**nodes.environ, "ONEFOLD_STORE": "", "ONEFOLD_API_TOKEN": ""})
    node = poor.add().node_id

    def is_told(now: Any) -> bool:
        lacks = {found["id"]: found["lacks"] for found in now["nodes"]}
        return lacks.get(node) == ["ONEFOLD_API_TOKEN", "ONEFOLD_STORE"]

    now = nodes.wait_until(is_told)
    [gateway] = [gateway for gateway in now["gateways"] if gateway["node"] == node]
    assert not gateway["is_serving"]
    assert "Expected ONEFOLD_STORE and ONEFOLD_API_TOKEN in the environ" in gateway["problem"]
    now = nodes.command("scale", "4")
    assert node not in {host["node"] for host in now["hosts"]}


def test_the_deployment_outlives_who_started_it_and_is_adopted(
    deployed: Deployed, tmp_path: Path
) -> None:
    before = deployed.nodes.status()
    deployed.server.process.kill()
    assert "is in use by another Onefold" in refused(tmp_path, ONEFOLD_STORE=deployed.address)
    with joined(deployed.nodes, deployed.data) as again:
        assert again.url in {gateway["url"] for gateway in before["gateways"]}
        after = deployed.nodes.status()
    for kind in ("hosts", "gateways", "projectors"):
        assert pids(after[kind]) == pids(before[kind])
    assert deployed.nodes.command("stop") == {"stopped": True}


def pids(members: list[Any]) -> set[int]:
    return {member["pid"] for member in members}


def expect_nothing_lost(deployed: Deployed, change: Callable[[], None]) -> None:
    """Send from several clients while it changes; every acknowledged call is there once."""
    loads = [journeys(next(NUMBERS)) for _ in range(WRITERS)]
    changed = Event()
    urls = [gateway["url"] for gateway in deployed.nodes.status()["gateways"]]
    with ThreadPoolExecutor(WRITERS) as pool:
        work = [pool.submit(keep_sending, urls, load, changed) for load in loads]
        try:
            change()
        finally:
            changed.set()
        for done in work:
            done.result()
    expect_order(deployed, loads)
    expect_owners(deployed, loads)
    expect_whole_streams(deployed.address)


def keep_sending(urls: list[str], load: Load, changed: Event) -> None:
    """Send batch after batch, then the first ones again until the change is over."""
    with httpx.Client(auth=(WRITE_KEY, ""), timeout=60) as client:
        gateways = cycle(urls)
        for batch in load:
            send(client, gateways, batch)
        for batch in cycle(load[:10]):
            if changed.is_set():
                return
            send(client, gateways, batch)


def send(client: httpx.Client, gateways: Iterator[str], batch: list[dict[str, Any]]) -> None:
    """Send until some gateway answers 200."""
    for url in gateways:
        try:
            response = client.post(f"{url}/v1/batch", json={"batch": batch})
        except httpx.TransportError:
            continue
        if response.status_code == 200:
            return
        assert response.status_code in {429, 503}, response.text


def expect_order(deployed: Deployed, loads: list[Load]) -> None:
    """The activities of every UID are in the log in the order in which its client sent them."""
    store = open_store(deployed.data, {"ONEFOLD_STORE": deployed.address}, "normal", Policies())
    stored: dict[str, list[str]] = {}
    after = 0
    while (page := store.page(after, 5_000)).last is not None:
        after = page.last[0]
        for _, recorded in page.events:
            event = recorded.event
            if isinstance(event, ActivityTracked):
                stored.setdefault(event.content.uid or "", []).append(event.moment.message_id)
    store.backend.close()
    sent: dict[str, list[str]] = {}
    for load in loads:
        for call in (call for batch in load for call in batch if call["type"] == "track"):
            sent.setdefault(call["anonymousId"], []).append(call["messageId"])
    assert {uid: stored[uid] for uid in sent} == sent


def expect_owners(deployed: Deployed, loads: list[Load]) -> None:
    """Whoever signed up belongs to the customer that was named, nobody else to any."""
    calls = [call for load in loads for batch in load for call in batch]
    owners = {call["anonymousId"]: call["userId"] for call in calls if "userId" in call}
    with psycopg.connect(deployed.address) as connection:
        stored = connection.execute("SELECT value, owner FROM onefold.directory WHERE kind = 'uid'")
        found: dict[str, str | None] = dict(stored.fetchall())
    uids = {call["anonymousId"] for call in calls}
    assert {uid: found[uid] for uid in uids} == {uid: owners.get(uid) for uid in uids}


def expect_whole_streams(address: str) -> None:
    """No gap in any stream, and every `Folded` has its `Merged`."""
    with psycopg.connect(address) as connection:
        topics = connection.execute("SELECT topic, count(*) FROM onefold.events GROUP BY topic")
        counts: dict[str, int] = dict(topics.fetchall())
        assert counts["folded.1"] == counts["merged.1"] > 0
        streams = connection.execute(
            "SELECT count(*), max(originator_version) FROM onefold.events GROUP BY originator_id"
        ).fetchall()
    assert all(events == version for events, version in streams)
