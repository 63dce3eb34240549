"""Three nodes with wrong clocks behind links of their own: the GCS dies, and one is cut off.

In a process of its own, for whoever makes a network is in it for good.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.faults_clocks import OFF_BY
from scripts.faults_network import why_not
from scripts.faults_schedule import Kind, make_schedule

pytestmark = [pytest.mark.ray, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
SEED, SECONDS, PACE = 4, 21.0, 3.0
KINDS = (Kind.KILL_GCS, Kind.CUT_NETWORK)


@pytest.mark.skipif(why_not() is not None, reason=f"no networks here: {why_not()}")
def test_nothing_is_lost_when_the_head_dies_and_a_node_is_cut_off() -> None:
    expected = [fault.kind for fault in make_schedule(SEED, SECONDS, KINDS, PACE)]
    assert set(expected) == set(KINDS)
    options = {"seed": SEED, "minutes": SECONDS / 60, "pace": PACE, "rate": 500, "nodes": 3}
    done = subprocess.run(
        [
            *(sys.executable, ROOT / "scripts" / "faults.py", "--json", "--store", "postgresql"),
            *(f"--{name}={value}" for name, value in options.items()),
            *("--only", *KINDS),
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4_000:] + done.stdout[-4_000:]
    report = json.loads(done.stdout.splitlines()[-1])
    assert not report["failed"]
    assert sum(report["faults"].values()) == len(expected)
    assert report["acknowledged"] >= 1_000
    assert report["unsure"] == 0
    assert report["clocks_apart"] >= max(OFF_BY)
