"""A Ray cluster of several nodes on this machine, and an Onefold that joins it."""

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any
from unittest.mock import patch

from actors.configured_ray import ray
from tests.cluster.server import API_TOKEN, ONEFOLD, WRITE_KEY, Server, serving

import ray.cluster_utils  # isort: skip - Ray's settings first, see configured_ray

WITHIN = 60.0

HEALTH = {
    "health_check_initial_delay_ms": 1_000,
    "health_check_period_ms": 500,
    "health_check_timeout_ms": 500,
    "health_check_failure_threshold": 4,
}
"""How soon a node that died is noticed: in two seconds."""


class Nodes:
    """The cluster, and commands to the deployment in it."""

    def __init__(self, cluster: Any, environ: dict[str, str]) -> None:
        self.cluster = cluster
        self.environ = environ

    def add(self) -> Any:
        """Start one more node."""
        with patch.dict(os.environ, self.environ):
            return self.cluster.add_node(num_cpus=2, object_store_memory=80_000_000)

    def kill(self) -> str:
        """Kill -9 the Ray of a node but the head, best the supervisor's; tells which."""
        status = self.status()
        others = [node for node in self.cluster.list_all_nodes() if not node.is_head()]
        others.sort(key=lambda node: node.node_id != status["supervisor"]["node"])
        raylet = others[0].all_processes["raylet"][0].process
        raylet.send_signal(signal.SIGKILL)
        raylet.wait()  # its workers live on as long as nobody has
        dead: str = others[0].node_id
        return dead

    def command(self, *arguments: str) -> Any:
        """Run `onefold cluster ...` and read what it prints."""
        options = ("--ray-address", self.cluster.address, "--json")
        done = subprocess.run(
            [*ONEFOLD, "cluster", *arguments, *options],
            env={**os.environ, **self.environ},
            capture_output=True,
            text=True,
            timeout=WITHIN * 2,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def status(self) -> Any:
        """Give the status."""
        return self.command("status")

    def wait_until(self, is_so: Callable[[Any], bool]) -> Any:
        """Ask for the status until it is as it should be."""
        give_up = monotonic() + WITHIN
        while not is_so(found := self.status()):
            assert monotonic() < give_up, json.dumps(found, indent=1)
        return found


@contextmanager
def cluster_of(nodes: int, data: Path, store: str) -> Iterator[Nodes]:
    """Run a cluster of so many nodes; the environment of each has the store and the keys."""
    environ = {
        "ONEFOLD_STORE": store,
        "ONEFOLD_DATA": str(data),
        "ONEFOLD_WRITE_KEY": WRITE_KEY,
        "ONEFOLD_API_TOKEN": API_TOKEN,
        "RAY_AUTH_MODE": "disabled",
    }
    with patch.dict(os.environ, environ):
        cluster = ray.cluster_utils.Cluster(
            initialize_head=True,
            head_node_args={
                "num_cpus": 2,
                "object_store_memory": 80_000_000,
                "include_dashboard": False,
                "_system_config": HEALTH,
            },
        )
    running = Nodes(cluster, environ)
    try:
        for _ in range(nodes - 1):
            running.add()
        yield running
    finally:
        cluster.shutdown()  # type: ignore[no-untyped-call]  # Ray's own gap


@contextmanager
def joined(nodes: Nodes, data: Path, *options: str) -> Iterator[Server]:
    """Run `onefold serve` in the cluster for as long as the block runs."""
    with serving(data, "--ray-address", nodes.cluster.address, *options, **nodes.environ) as server:
        yield server
