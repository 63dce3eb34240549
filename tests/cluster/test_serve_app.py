"""The app behind Ray Serve: replicas beside the hosts of a deployment in the same cluster."""

import base64
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from scripts.postgres import Postgres
from service.readiness import free_port, wait_until_ready
from tests.cluster.calls import day, identify, page, track
from tests.cluster.nodes import Nodes, cluster_of, joined
from tests.cluster.server import API_TOKEN, WRITE_KEY, Server
from tests.controls.databases import fresh_database

pytestmark = [pytest.mark.ray, pytest.mark.slow]

MANIFEST = Path(__file__).parents[2] / "docs" / "deploy" / "rayservice.yaml"
SERVE = [sys.executable, "-m", "ray.serve.scripts"]
WITHIN = 120


@contextmanager
def deployed(nodes: Nodes, folder: Path) -> Iterator[str]:
    """Deploy what the manifest deploys, on loopback, for as long as the block runs."""
    config: dict[str, Any] = yaml.safe_load(
        yaml.safe_load(MANIFEST.read_text())["spec"]["serveConfigV2"]
    )
    config["http_options"] = {"host": "127.0.0.1", "port": free_port("127.0.0.1", 0)}
    file = folder / "serve.yaml"
    file.write_text(yaml.safe_dump(config))
    with (folder / "serve.log").open("wb") as said:
        process = subprocess.Popen(
            [*SERVE, "run", "--address", nodes.cluster.address, str(file)],
            env={**os.environ, **nodes.environ},
            stdout=said,
            stderr=said,
        )
    try:
        yield f"http://127.0.0.1:{config['http_options']['port']}"
    finally:
        process.terminate()  # who runs tests in the background has interrupts ignored
        process.wait(WITHIN)


def test_a_visitor_becomes_a_customer_through_a_replica(
    postgres_server: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one replica takes, every other way in knows: hosts are the same for all of them."""
    data = tmp_path / "data"
    monkeypatch.setenv("ONEFOLD_MASTER_KEY", base64.b64encode(bytes(range(32))).decode())
    monkeypatch.setenv("ONEFOLD_DATA", str(data))
    with (
        fresh_database(postgres_server) as database,
        cluster_of(1, data, postgres_server.address(database)) as nodes,
        deployed(nodes, tmp_path) as url,  # replicas wait for hosts that come after them
        joined(nodes, data, "--hosts", "2") as gateway,
    ):
        wait_until_ready(url)
        expect_one_customer(url, gateway)


def expect_one_customer(url: str, gateway: Server) -> None:
    calls = [
        page(day(1), uid="u1", device="d"),
        track("View", day(3), uid="u2", device="d"),
        identify(day(7), {"plan": "pro"}, uid="u2", cid="c", device="d"),
    ]
    answer = httpx.post(url + "/v1/batch", json={"batch": calls}, auth=(WRITE_KEY, ""))
    assert answer.status_code == 200, answer.text
    token = {"Authorization": f"Bearer {API_TOKEN}"}
    customer = httpx.get(url + "/api/v1/customers/c", headers=token).json()
    assert customer["uids"] == ["u1", "u2"]
    assert customer["activities"] == {"$page": 1, "View": 1}
    assert gateway.customer("c") == customer
    assert httpx.get(url + "/api/v1/customers/c").status_code == 401
