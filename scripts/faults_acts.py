"""Does to a deployment what the schedule says, and undoes it in time."""

import os
import signal
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from threading import Event, Thread
from time import monotonic
from typing import Final

import msgspec
import psycopg

from scripts.faults_deployment import DATABASE, Deployment
from scripts.faults_load import Load
from scripts.faults_nodes import Nodes
from scripts.faults_rival import Rival
from scripts.faults_schedule import Fault, Kind
from store.folder import DATABASE as FILE

FOUND_WITHIN = 30.0
"""Seconds in which somebody must be there to suffer a fault; they may be restarting."""

TITLES: Final = {
    Kind.KILL_HOST: "ray::HostShell",
    Kind.KILL_GATEWAY: "ray::GatewayShell",
    Kind.KILL_PROJECTOR: "ray::ProjectorShell",
    Kind.KILL_SUPERVISOR: "ray::Supervisor",
    Kind.FREEZE_HOST: "ray::HostShell",
}
"""Who suffers: how the titles of their processes begin."""


class Done(msgspec.Struct, frozen=True):
    """A fault that happened, since when on the monotonic clock; `what` tells to whom."""

    fault: Fault
    began_at: float
    what: str


class NobodyThere(Exception):
    """There was no process to do it to."""

    def __init__(self, title: str) -> None:
        super().__init__(f"Expected a process {title} within {FOUND_WITHIN:.0f} s, found none")


class Acts:
    """Does faults, each on a thread of its own, so that several may be under way."""

    def __init__(
        self, deployment: Deployment, load: Load, tell: Callable[[str], None] = lambda _: None
    ) -> None:
        self._tell = tell
        self.done: list[Done] = []
        self.failed: list[str] = []
        self._deployment = deployment
        self._load = load
        self._stopped = Event()

    def follow(self, schedule: Sequence[Fault]) -> None:
        """Do all of a schedule, and return when the last is undone."""
        began_at, threads = monotonic(), []
        try:
            for fault in schedule:
                self._stopped.wait(max(0.0, began_at + fault.at - monotonic()))
                thread = Thread(target=self._do, args=(fault,), daemon=True)
                thread.start()
                threads.append(thread)
        except BaseException:
            self._stopped.set()  # undo what is under way at once
            raise
        finally:
            for thread in threads:
                thread.join()

    def rest(self, seconds: float) -> None:
        """Leave the deployment in peace."""
        self._stopped.wait(max(0.0, seconds))

    def _do(self, fault: Fault) -> None:
        began_at = monotonic()
        try:
            with self._begun(fault) as what:
                began_at = monotonic()
                self._tell(f"{fault}: {what}")
                self._stopped.wait(fault.lasts)
            self.done.append(Done(fault, began_at, what))
        except Exception as error:  # noqa: BLE001 - whatever kept it from happening is told
            self.failed.append(f"{fault}: {type(error).__name__}: {error}")

    @contextmanager
    def _begun(self, fault: Fault) -> Iterator[str]:
        """Do it; undo it when the block ends."""
        with ExitStack() as undoing:
            match fault.kind:
                case Kind.HOLD_TRANSACTION:
                    yield undoing.enter_context(self._held())
                case Kind.RIVAL_HOST | Kind.TAKE_LEASE:
                    yield undoing.enter_context(self._rivalled(fault.kind is Kind.TAKE_LEASE))
                case Kind.KILL_DATABASE:
                    yield undoing.enter_context(self._database_gone())
                case Kind.KILL_NODE:
                    yield undoing.enter_context(self._node_gone(fault))
                case Kind.FREEZE_NODE:
                    yield undoing.enter_context(self._node_frozen(fault))
                case Kind.CUT_NETWORK:
                    yield undoing.enter_context(self._node_cut_off(fault))
                case Kind.KILL_GCS:
                    yield f"pid {undoing.enter_context(self._nodes().headless())}"
                case Kind.FREEZE_HOST:
                    pid = self._victim(fault)
                    os.kill(pid, signal.SIGSTOP)
                    undoing.callback(_continue, pid)
                    yield f"pid {pid}"
                case _:
                    pid = self._victim(fault)
                    os.kill(pid, signal.SIGKILL)
                    yield f"pid {pid}"

    def _victim(self, fault: Fault) -> int:
        title = TITLES[fault.kind]
        give_up = monotonic() + FOUND_WITHIN
        while not (pids := self._deployment.pids(title)):
            if monotonic() > give_up:
                raise NobodyThere(title)
            self._stopped.wait(0.05)
        return pids[int(fault.choice * len(pids))]

    @contextmanager
    def _held(self) -> Iterator[str]:
        """Hold a transaction that nobody can write beside."""
        database = self._deployment.database
        if database is None:
            path = self._deployment.data / FILE
            with closing(sqlite3.connect(path, timeout=60, isolation_level=None)) as connection:
                connection.execute("BEGIN IMMEDIATE")
                yield "the file"
                connection.execute("ROLLBACK")
            return
        # To close is to roll back, and does no harm to what ended with a database that was killed.
        with closing(psycopg.connect(database.address(DATABASE))) as connection:
            connection.execute("LOCK TABLE onefold.events IN EXCLUSIVE MODE")
            yield "the events table"

    @contextmanager
    def _rivalled(self, takes_lease: bool) -> Iterator[str]:  # noqa: FBT001 - as the kind says
        rival = Rival(self._deployment.data, self._deployment.environ, takes_lease=takes_lease)
        with rival.running():
            self._load.tap = rival.offer
            try:
                yield "beside all hosts"
            finally:
                self._load.tap = None

    @contextmanager
    def _database_gone(self) -> Iterator[str]:
        database = self._deployment.database
        assert database is not None, "a file cannot be killed"
        pid = database.pid
        database.kill()
        try:
            yield f"pid {pid}"
        finally:
            database.start()

    @contextmanager
    def _node_gone(self, fault: Fault) -> Iterator[str]:
        """Kill a node; another one comes when the block ends."""
        nodes = self._nodes()
        yield f"raylet {nodes.kill(fault.choice)}"
        nodes.add()

    @contextmanager
    def _node_frozen(self, fault: Fault) -> Iterator[str]:
        nodes = self._nodes()
        with nodes.frozen(fault.choice) as pid:
            yield f"raylet {pid}"
        nodes.add()

    @contextmanager
    def _node_cut_off(self, fault: Fault) -> Iterator[str]:
        nodes = self._nodes()
        with nodes.cut_off(fault.choice) as address:
            yield f"node {address}"
        nodes.add()

    def _nodes(self) -> Nodes:
        nodes = self._deployment.nodes
        assert nodes is not None, "there is one node"
        return nodes


def _continue(pid: int) -> None:
    with suppress(ProcessLookupError):  # it was replaced meanwhile
        os.kill(pid, signal.SIGCONT)
