"""A Ray cluster of several nodes on this machine: they can be killed, stopped and cut off."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any, Final

import structlog

from actors.cluster import LIVELY, deployment_status, joined_ray
from actors.configured_ray import ray
from actors.errors import SupervisorSilent
from scripts.faults_clocks import wrong_clocks
from scripts.faults_network import HOME, Link, Network

import ray.cluster_utils  # isort: skip - Ray's settings first, see configured_ray

HEALTH: Final = {
    "health_check_initial_delay_ms": 1_000,
    "health_check_period_ms": 500,
    "health_check_timeout_ms": 500,
    "health_check_failure_threshold": 4,
}
"""A node that died is noticed within two seconds, one that is silent within four."""

AS_WE_SAY: Final = {f"RAY_{name}": str(value) for name, value in LIVELY.items()}
"""As in our image, and as `docs/cluster.md` says."""

CPUS = 2
OBJECT_STORE_BYTES = 80_000_000
LOOK_AGAIN = 1.0
GONE_WITHIN = 30.0

log = structlog.get_logger()


class NoWorkers(Exception):
    """All but the head are gone or cut off already."""

    def __init__(self) -> None:
        super().__init__("Expected a worker to do it to, found only the head")


class Nodes:
    """The cluster: a head that stays, and workers that suffer."""

    def __init__(
        self,
        cluster: Any,
        environ: Mapping[str, str],
        kept: Path,
        network: Network | None,
    ) -> None:
        self.urls: tuple[str, ...] = ()
        self._cluster = cluster
        self._environ = environ
        self._stored = _stored(kept)
        self._clocks = wrong_clocks(kept)
        self._network = network
        self._links: dict[str, Link] = {}
        self._changing = Lock()

    @property
    def address(self) -> str:
        """Where the cluster is joined."""
        address: str = self._cluster.address
        return address

    def add(self) -> None:
        """Start one more worker: its clock is wrong, and with a network its link can be cut."""
        add = partial(self._cluster.add_node, num_cpus=CPUS, object_store_memory=OBJECT_STORE_BYTES)
        with self._changing, _environment({**self._environ, **next(self._clocks)}):
            if self._network is None:
                add()
            else:
                link = self._network.link()
                worker = link.run(partial(add, node_ip_address=link.address))
                self._links[worker.node_id] = link

    def kill(self, choice: float) -> int:
        """Kill -9 the raylet of a worker; its actors end when it is gone."""
        with self._changing:
            worker = self._worker(choice)
            process = self._process(worker)
            process.kill()
            process.wait()  # its actors live on as long as nobody has
            self._cluster.worker_nodes.remove(worker)
        self._clean_up(worker)
        pid: int = process.pid
        return pid

    @contextmanager
    def frozen(self, choice: float) -> Iterator[int]:
        """Stop the raylet of a worker, as if it were cut off; its actors go on meanwhile."""
        worker = self._taken(choice)
        process = self._process(worker)
        process.send_signal(signal.SIGSTOP)
        try:
            yield process.pid
        finally:
            process.send_signal(signal.SIGCONT)
            self._retire(worker, process)

    @contextmanager
    def cut_off(self, choice: float) -> Iterator[str]:
        """Cut the link of a worker; what runs there goes on and reaches nobody."""
        worker = self._taken(choice)
        link = self._links[worker.node_id]
        try:
            with link.cut():
                yield link.address
        finally:
            self._retire(worker, self._process(worker))

    @contextmanager
    def headless(self) -> Iterator[int]:
        """Kill -9 the GCS; it comes back with what it had stored when the block ends.

        No node is started or killed meanwhile: one that knows no GCS never comes up.
        """
        head = self._cluster.head_node
        with self._changing:
            pid: int = head.all_processes["gcs_server"][0].process.pid
            head.kill_gcs_server()
            try:
                yield pid
            finally:
                with _environment(self._stored):
                    head.start_gcs_server()

    def follow(self, stopped: Event) -> None:
        """Keep the addresses of the gateways that serve, until told to stop."""
        while not stopped.is_set():
            with suppress(SupervisorSilent, ray.exceptions.RayError):  # then the last ones are good
                status = deployment_status()
                gateways = [] if status is None else status.gateways
                serving = [gateway.url for gateway in gateways if gateway.is_serving]
                self.urls = tuple(url for url in serving if url) or self.urls
            stopped.wait(LOOK_AGAIN)

    def _retire(self, worker: Any, process: Any) -> None:
        """See that a node which was declared dead ends itself, and clean up behind it."""
        give_up = monotonic() + GONE_WITHIN
        while process.poll() is None and monotonic() < give_up:
            Event().wait(0.1)
        if process.poll() is None:
            log.warning("a node went on after it was declared dead", pid=process.pid)
        self._clean_up(worker)

    def _clean_up(self, worker: Any) -> None:
        worker.kill_all_processes(check_alive=False, allow_graceful=False, wait=True)
        link = self._links.pop(worker.node_id, None)
        if link is not None:
            link.remove()

    def _taken(self, choice: float) -> Any:
        """Choose a worker, and let nobody else choose it."""
        with self._changing:
            worker = self._worker(choice)
            self._cluster.worker_nodes.remove(worker)
            return worker

    def _worker(self, choice: float) -> Any:
        workers = sorted(self._cluster.worker_nodes, key=lambda node: node.node_id)
        if not workers:
            raise NoWorkers
        return workers[int(choice * len(workers))]

    def _process(self, worker: Any) -> Any:
        return worker.all_processes["raylet"][0].process


@contextmanager
def cluster_of(
    number: int, environ: Mapping[str, str], network: Network | None = None
) -> Iterator[Nodes]:
    """Run a cluster of so many nodes, each with this environment, for as long as the block runs."""
    environ = {**environ, **AS_WE_SAY}
    address = {} if network is None else {"node_ip_address": HOME}
    kept = Path(tempfile.mkdtemp(prefix="onefold-gcs-"))
    with _environment({**environ, **_stored(kept)}):
        cluster = ray.cluster_utils.Cluster(
            initialize_head=True,
            shutdown_at_exit=False,  # its hooks demand the main thread; we shut down ourselves
            head_node_args={
                "num_cpus": CPUS,
                "object_store_memory": OBJECT_STORE_BYTES,
                "include_dashboard": False,
                "_system_config": HEALTH,
                **address,
            },
        )
    nodes = Nodes(cluster, environ, kept, network)
    try:
        for _ in range(number - 1):
            nodes.add()
        yield nodes
    finally:
        cluster.shutdown()  # type: ignore[no-untyped-call]  # Ray's own gap
        shutil.rmtree(kept, ignore_errors=True)


def _stored(kept: Path) -> dict[str, str]:
    """Give the environment of a GCS that knows afterwards what it knew before it was killed."""
    return {"RAY_gcs_storage": "rocksdb", "RAY_gcs_storage_path": str(kept / "gcs")}


@contextmanager
def followed(nodes: Nodes) -> Iterator[None]:
    """Keep the gateways' addresses for as long as the block runs."""
    stopped = Event()
    with joined_ray(nodes.address):
        thread = Thread(target=nodes.follow, args=(stopped,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            stopped.set()
            thread.join()


@contextmanager
def _environment(environ: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in environ}
    os.environ.update(environ)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
