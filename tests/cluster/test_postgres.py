"""The whole deployment on PostgreSQL: real Ray, two hosts, and a database that comes and goes."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import psycopg
import pytest

from scripts.postgres import QUICK, Postgres, postgres
from service.readiness import wait_until_ready
from tests.cluster.calls import day, fresh, identify, page, track
from tests.cluster.server import Server, serving
from tests.cluster.test_command_line import onefold
from tests.cluster.test_starting import refused
from tests.cluster.test_survival import expect_everything_once, journeys, keep_sending
from tests.controls.databases import until

pytestmark = [pytest.mark.ray, pytest.mark.slow]

ROLE, PASSWORD = "keeper", "swordfish-of-the-tests"
WRITERS, KILLS = 4, 2


@pytest.fixture(scope="module")
def database() -> Iterator[Postgres]:
    """A server of this file's own, whose role enters with a password only."""
    with postgres(QUICK) as server:
        server.demand_password(ROLE, PASSWORD)
        yield server


@pytest.fixture(scope="module")
def address(database: Postgres) -> str:
    """The address of a database with the tables in it, password included."""
    database.execute("CREATE DATABASE keeping")
    address = database.address("keeping", f"{ROLE}:{PASSWORD}")
    told = onefold("store", "migrate", "--store", address)
    assert PASSWORD not in told
    return address


@pytest.fixture(scope="module")
def keeping(address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One deployment for all tests; it gives up a call soon while the database is away."""
    settings = {"ONEFOLD_STORE": address, "ONEFOLD_RETRY_FOR": "0.2"}
    with serving(tmp_path_factory.mktemp("keeping"), "--hosts", "2", **settings) as server:
        yield server


def rows(address: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(address) as connection:
        return connection.execute(query.encode()).fetchall()


def test_three_days_become_one_customer_and_nothing_tells_the_password(
    keeping: Server, address: str, tmp_path: Path
) -> None:
    """Both hosts write, each under a lease of its own; a second deployment stays out."""
    before = keeping.stats()["visitors"]
    keeping.send(page(day(1), uid="u1", device="d"))
    keeping.send(track("View", day(3), uid="u2", device="d"))
    keeping.send(identify(day(7), {"plan": "pro"}, uid="u2", cid="c", device="d"))
    customer = keeping.customer("c")
    assert customer["uids"] == ["u1", "u2"]
    assert customer["activities"] == {"$page": 1, "View": 1}
    assert keeping.visitor("u1")["folded_from"] == "u1"
    keeping.send(*(track("View", day(1), uid=f"many-{number}") for number in range(50)))
    assert keeping.stats()["visitors"] == before + 50
    assert "is in use by another Onefold" in refused(tmp_path / "other", ONEFOLD_STORE=address)
    expect_no_password(keeping)
    expect_views_as_the_log(keeping.data, address)
    leases = rows(address, "SELECT name, epoch FROM onefold.leases ORDER BY name")
    assert leases == [("host-0", 1), ("host-1", 1)]


def expect_views_as_the_log(data: Path, address: str) -> None:
    """Wait for the views and have them proven, beside the log in the same database."""
    where = ("--data", str(data), "--store", address, "--json")
    until(
        lambda: all(
            view["lag"] == 0 for view in json.loads(onefold("projections", "status", *where))
        )
    )
    told = onefold("projections", "verify", *where).splitlines()
    proven = {view["name"]: view["rows"] for view in map(json.loads, told)}
    assert proven["profiles"] > 50
    assert proven["sessions"] > 50
    pro = json.dumps({"attribute": "plan", "op": "=", "value": "pro"})
    found = json.loads(onefold("profiles", "find", "--filter", pro, "--count", *where))
    assert ([each["cid"] for each in found["profiles"]], found["count"]) == (["c"], 1)


def expect_no_password(server: Server) -> None:
    """Look through what Ray keeps and logs of this server, and through our own files."""
    sessions = list(Path("/tmp/ray").glob(f"session_*_{server.process.pid}"))  # noqa: S108 - Ray's own
    assert len(sessions) == 1
    files = [
        path for place in (*sessions, server.data) for path in place.rglob("*") if path.is_file()
    ]
    assert len(files) > 10
    assert [path for path in files if PASSWORD.encode() in path.read_bytes()] == []
    settings = {
        setting["name"]: setting["value"] for setting in json.loads(onefold("config", "--json"))
    }
    assert settings["store"] == "sqlite"


def test_a_database_that_is_away_is_503_and_then_it_goes_on(
    keeping: Server, database: Postgres
) -> None:
    call = track("View", day(1), uid=fresh("u"))
    database.kill()
    answer = keeping.ingest.post("/v1/batch", json={"batch": [call]})
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["Retry-After"]) >= 1
    assert keeping.api.get("/readyz").status_code == 503
    database.start()
    wait_until_ready(keeping.url)
    keeping.send(call)
    assert keeping.visitor(call["anonymousId"])["activity_count"] == 1


def test_kills_of_the_database_lose_and_double_nothing(
    keeping: Server, database: Postgres, address: str
) -> None:
    """Clients go on while the database server is killed and started again."""
    loads = [journeys(writer)[:30] for writer in range(WRITERS)]
    finished = Event()

    def kill_some() -> None:
        try:
            for _ in range(KILLS):
                wait_until_ready(keeping.url)
                database.kill()
                database.start()
        finally:
            finished.set()

    before = keeping.stats()
    with ThreadPoolExecutor(WRITERS + 1) as pool:
        work = [pool.submit(keep_sending, keeping.url, load, finished) for load in loads]
        work.append(pool.submit(kill_some))
        for done in work:
            done.result()
    wait_until_ready(keeping.url)
    calls = [call for load in loads for batch in load for call in batch]
    expect_everything_once(keeping, calls, before)
    counts = dict(rows(address, "SELECT topic, count(*) FROM onefold.events GROUP BY topic"))
    assert counts["folded.1"] == counts["merged.1"] > 0
    streams = rows(
        address,
        "SELECT count(*), max(originator_version) FROM onefold.events GROUP BY originator_id",
    )
    assert all(events == version for events, version in streams)


def test_a_restart_with_fewer_hosts_finds_everybody(keeping: Server, address: str) -> None:
    """The last one: it ends the deployment of the others."""
    call = identify(day(7), {"plan": "pro"}, uid=fresh("u"), cid=fresh("c"))
    keeping.send(call)
    customer = keeping.customer(call["userId"])
    keeping.process.terminate()
    keeping.process.wait(60)
    with serving(keeping.data, "--hosts", "1", ONEFOLD_STORE=address) as server:
        assert server.customer(call["userId"]) == customer
