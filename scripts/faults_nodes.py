"""A Ray cluster of several nodes on this machine, whose nodes can be killed and frozen."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any, Final

import structlog

from actors.cluster import deployment_status, joined_ray
from actors.configured_ray import ray
from actors.errors import SupervisorSilent

import ray.cluster_utils  # isort: skip - Ray's settings first, see configured_ray

HEALTH: Final = {
    "health_check_initial_delay_ms": 1_000,
    "health_check_period_ms": 500,
    "health_check_timeout_ms": 500,
    "health_check_failure_threshold": 4,
}
"""A node that died is noticed within two seconds, one that is silent within four."""

CPUS = 2
OBJECT_STORE_BYTES = 80_000_000
LOOK_AGAIN = 1.0
GONE_WITHIN = 30.0

log = structlog.get_logger()


class Nodes:
    """The cluster: a head that stays, and workers that suffer."""

    def __init__(self, cluster: Any, environ: Mapping[str, str]) -> None:
        self.urls: tuple[str, ...] = ()
        self._cluster = cluster
        self._environ = environ
        self._changing = Lock()

    @property
    def address(self) -> str:
        """Where the cluster is joined."""
        address: str = self._cluster.address
        return address

    def add(self) -> None:
        """Start one more worker."""
        with self._changing, _environment(self._environ):
            self._cluster.add_node(num_cpus=CPUS, object_store_memory=OBJECT_STORE_BYTES)

    def kill(self, choice: float) -> int:
        """Kill -9 the raylet of a worker; its actors end when it is gone."""
        with self._changing:
            worker = self._worker(choice)
            process = self._process(worker)
            process.kill()
            process.wait()  # its actors live on as long as nobody has
            self._cluster.worker_nodes.remove(worker)
        worker.kill_all_processes(check_alive=False, allow_graceful=False, wait=True)
        pid: int = process.pid
        return pid

    @contextmanager
    def frozen(self, choice: float) -> Iterator[int]:
        """Stop the raylet of a worker, as if it were cut off; its actors go on meanwhile."""
        with self._changing:
            worker = self._worker(choice)
            self._cluster.worker_nodes.remove(worker)
        process = self._process(worker)
        process.send_signal(signal.SIGSTOP)
        try:
            yield process.pid
        finally:
            process.send_signal(signal.SIGCONT)
            self._retire(worker, process)

    @contextmanager
    def headless(self) -> Iterator[int]:
        """Kill -9 the GCS; it comes back with what it had stored when the block ends."""
        head = self._cluster.head_node
        pid: int = head.all_processes["gcs_server"][0].process.pid
        head.kill_gcs_server()
        try:
            yield pid
        finally:
            head.start_gcs_server()

    def follow(self, stopped: Event) -> None:
        """Keep the addresses of the gateways that serve, until told to stop."""
        while not stopped.is_set():
            with suppress(SupervisorSilent):  # then the addresses of before are as good as any
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
            log.warning("a node went on after it was continued", pid=process.pid)
        worker.kill_all_processes(check_alive=False, allow_graceful=False, wait=True)

    def _worker(self, choice: float) -> Any:
        workers = sorted(self._cluster.worker_nodes, key=lambda node: node.node_id)
        return workers[int(choice * len(workers))]

    def _process(self, worker: Any) -> Any:
        return worker.all_processes["raylet"][0].process


@contextmanager
def cluster_of(number: int, environ: Mapping[str, str]) -> Iterator[Nodes]:
    """Run a cluster of so many nodes, each with this environment, for as long as the block runs."""
    kept = Path(tempfile.mkdtemp(prefix="onefold-gcs-"))
    stored = {"RAY_gcs_storage": "rocksdb", "RAY_gcs_storage_path": str(kept)}
    with _environment({**environ, **stored}):
        cluster = ray.cluster_utils.Cluster(
            initialize_head=True,
            shutdown_at_exit=False,  # its hooks demand the main thread; we shut down ourselves
            head_node_args={
                "num_cpus": CPUS,
                "object_store_memory": OBJECT_STORE_BYTES,
                "include_dashboard": False,
                "_system_config": HEALTH,
            },
        )
    nodes = Nodes(cluster, environ)
    try:
        for _ in range(number - 1):
            nodes.add()
        yield nodes
    finally:
        cluster.shutdown()  # type: ignore[no-untyped-call]  # Ray's own gap
        shutil.rmtree(kept, ignore_errors=True)


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
