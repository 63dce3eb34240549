"""What a measurement was made on, and what it cost there."""

import os
import platform
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from tempfile import TemporaryFile
from time import perf_counter

PROC = Path("/proc")
VERSIONS = ("onefold", "ray", "eventsourcing", "uvicorn", "msgspec")

SYNCS, SYNCED = 200, 8_192
"""How often a sync is timed, and how many bytes are written before each."""


def machine() -> dict[str, str]:
    """Say what a reader needs to compare two measurements."""
    found = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "cores": f"{len(os.sched_getaffinity(0))}, {_processor()}",
        "load before": " ".join(f"{load:.2f}" for load in os.getloadavg()),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
    }
    return found | {name: version(name) for name in VERSIONS}


def cpu_seconds(root: int) -> float | None:
    """Add up the CPU time of a process and all below it; None on a system without /proc."""
    if not (PROC / "self/stat").exists():
        return None
    parents: dict[int, int] = {}
    spent: dict[int, int] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit() and (fields := _stat(entry)):
            pid = int(entry.name)
            parents[pid] = int(fields[1])
            spent[pid] = int(fields[11]) + int(fields[12])
    ticks = sum(used for pid, used in spent.items() if _is_below(pid, root, parents))
    return ticks / os.sysconf("SC_CLK_TCK")


def sync_seconds(folder: Path) -> float:
    """Time how long the disk of a folder takes to sync a small write, in the median.

    A commit waits for one: the plain way once a call, a host once a batch.
    """
    took = []
    with TemporaryFile(dir=folder, buffering=0) as file:
        for _ in range(SYNCS):
            file.write(os.urandom(SYNCED))
            begun = perf_counter()
            os.fsync(file.fileno())
            took.append(perf_counter() - begun)
    return median(took)


def bytes_in(folder: Path) -> int:
    """Add up the sizes of a folder's files, once its databases have taken in their journals."""
    for file in folder.rglob("*.db"):
        with closing(sqlite3.connect(file)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _stat(entry: Path) -> list[str]:
    """Read the fields after a process's name; none when it has just ended."""
    try:
        return (entry / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _is_below(pid: int, root: int, parents: dict[int, int]) -> bool:
    while pid not in {root, 0}:
        pid = parents.get(pid, 0)
    return pid == root


def _processor() -> str:
    cpuinfo = PROC / "cpuinfo"
    for line in cpuinfo.read_text().splitlines() if cpuinfo.exists() else []:
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
