"""The network of a fault run: nodes reach home until their link is cut, and nothing is left.

In a process of its own, for whoever makes a network is in it for good.
"""

import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import pytest

from scripts.faults_network import why_not

ROOT = Path(__file__).parents[2]

CUT_AND_HEALED = """
import socket, subprocess, sys
from functools import partial
from scripts.faults_network import HOME, Network

CONNECT = f"import socket; socket.create_connection(('{HOME}', 7000), 5)"

def reaches(link):
    command = partial(subprocess.run, [sys.executable, "-c", CONNECT], capture_output=True)
    return link.run(command).returncode == 0

network = Network()
first, second = network.link(), network.link()
assert first.address != second.address
with socket.create_server((HOME, 7000)):
    assert reaches(first)
    with first.cut():
        assert not reaches(first)
        assert reaches(second)
    assert reaches(first)
first.remove()
second.remove()
"""


def interfaces() -> set[str]:
    return {path.name for path in Path("/sys/class/net").iterdir()}


@pytest.mark.skipif(why_not() is not None, reason=f"no networks here: {why_not()}")
def test_a_node_that_is_cut_off_reaches_nobody_and_is_healed() -> None:
    before = interfaces()
    done = subprocess.run(
        [sys.executable, "-c", CUT_AND_HEALED],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert interfaces() == before


def test_it_is_told_why_there_are_no_networks() -> None:
    with patch("os.geteuid", lambda: 1000):
        assert "root" in str(why_not())
    with (
        patch("os.geteuid", lambda: 0),
        patch("shutil.which", lambda _: None),
    ):
        assert "iproute2" in str(why_not())
