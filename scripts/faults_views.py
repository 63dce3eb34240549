"""Waits until the views have read the whole log, and has each of them proven."""

import json
import os
import subprocess
import sys
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

import httpx

from scripts.faults_deployment import Deployment
from scripts.running import Server

CAUGHT_UP_WITHIN = 180.0
VERIFIED_WITHIN = 900.0


def views_behind(server: Server) -> list[str]:
    """Wait for the views; lists those that do not get to the end of the log."""
    give_up = monotonic() + CAUGHT_UP_WITHIN
    while True:
        behind = _behind(server)
        if not behind or monotonic() > give_up:
            return behind
        Event().wait(0.5)


def verify_views(deployment: Deployment) -> list[dict[str, Any]]:
    """Have every view compared with its replay; gives what `onefold projections verify` says."""
    onefold = Path(sys.executable).with_name("onefold")
    done = subprocess.run(
        [onefold, "projections", "verify", "--json", "--data", deployment.data],
        env={**os.environ, **deployment.environ},
        capture_output=True,
        timeout=VERIFIED_WITHIN,
        text=True,
        check=False,
    )
    try:
        found = [json.loads(line) for line in done.stdout.splitlines()]
    except ValueError:
        found = []
    if not found or (done.returncode and not any(view["difference"] for view in found)):
        said = done.stderr.strip()[-1_000:]
        found.append({"name": "views", "difference": f"exit code {done.returncode}: {said}"})
    return found


def _behind(server: Server) -> list[str]:
    try:
        views: Any = server.read("/api/v1/projections")
    except httpx.HTTPError as error:
        return [f"nobody tells how the views are: {error}"]
    return [
        f"{view['name']}: {view['lag']} behind, {view['parked']} parked"
        for view in views
        if view["state"] == "live" and (view["lag"] or view["parked"])
    ]
