"""Projectors on a real server: killed under load, views count every call once."""

import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.calls import day, fresh, identify, track
from tests.cluster.server import ONEFOLD, Server

pytestmark = [pytest.mark.ray, pytest.mark.slow]

KILLS = 3


def views(server: Server) -> dict[str, dict[str, Any]]:
    answer = server.api.get("/api/v1/projections")
    assert answer.status_code == 200, answer.text
    return {row["name"]: row for row in answer.json() if row["state"] != "old"}


def wait_until_caught_up(server: Server) -> dict[str, dict[str, Any]]:
    position = server.stats()["position"]
    while True:
        found = views(server)
        if found and all(row["position"] >= position for row in found.values()):
            return found


def test_views_catch_up_though_their_projector_is_killed_again_and_again(server: Server) -> None:
    for _ in range(KILLS):
        uids = [fresh(f"u{number}") for number in range(7)]
        for _ in range(10):
            server.send(*(track("View", day(1), uid=uids[n % 7]) for n in range(100)))
        while not (pids := server.pids("ProjectorShell")):
            pass
        os.kill(pids[0], signal.SIGKILL)
    server.send(identify(day(2), {"a": 1}, cid=fresh("c"), uid=uids[0]))
    found = wait_until_caught_up(server)
    assert {row["parked"] for row in found.values()} == {0}
    assert server_side(server.data, "verify") == 0


def server_side(data: Path, command: str) -> int:
    """Run the command beside the server."""
    return subprocess.run(
        [*ONEFOLD, "projections", command, "--data", str(data)], check=False
    ).returncode
