"""Who may rebuild or switch a view: one process at a time, until it ends or stops renewing.

Nodes may disagree about the time, so where they share a database its clock is the one that counts.
"""

import os
import socket
from collections.abc import Callable
from time import time

import msgspec
from sqlalchemy import Connection, exc, func, insert, select, update

from store.views.errors import OutOfStep, RebuildRunning
from store.views.schema import LEASES

LASTS = 60.0
"""Seconds that a lease lasts unless it is renewed."""

Clock = Callable[[], float]


class ViewLease(msgspec.Struct, frozen=True):
    """The right to make generations of one view."""

    name: str
    epoch: int


def take(connection: Connection, name: str, now: Clock | None = None) -> ViewLease:
    """Take the lease of a view; raises `RebuildRunning` while another process holds it."""
    query = select(LEASES).where(LEASES.c.name == name).with_for_update()
    row = connection.execute(query).one_or_none()
    moment = now() if now else _now(connection)
    if row is not None and row.until > moment and _lives(row.machine, row.pid):
        raise RebuildRunning(name, row.owner)
    machine, pid = socket.gethostname(), os.getpid()
    values = {
        "owner": f"process {pid} on {machine}",
        "machine": machine,
        "pid": pid,
        "until": moment + LASTS,
    }
    epoch = 1 if row is None else row.epoch + 1
    if row is None:
        _make(connection, name, values)
    else:
        taken = update(LEASES).where(LEASES.c.name == name)
        connection.execute(taken.values(epoch=epoch, **values))
    return ViewLease(name, epoch)


def check(connection: Connection, lease: ViewLease) -> None:
    """Raise `OutOfStep` when somebody else has taken the lease."""
    query = select(LEASES.c.epoch).where(LEASES.c.name == lease.name)
    if connection.execute(query).scalar() != lease.epoch:
        raise OutOfStep(lease.name, "another rebuild has taken over")


def renew(connection: Connection, lease: ViewLease) -> None:
    """Keep the lease for another while."""
    check(connection, lease)
    held = update(LEASES).where(LEASES.c.name == lease.name)
    connection.execute(held.values(until=_now(connection) + LASTS))


def release(connection: Connection, lease: ViewLease) -> None:
    """Let the next one in."""
    held = (LEASES.c.name == lease.name, LEASES.c.epoch == lease.epoch)
    connection.execute(update(LEASES).where(*held).values(until=0.0))


def _now(connection: Connection) -> float:
    """Tell the time by the clock that all holders share: a file is on one machine."""
    if connection.dialect.name == "sqlite":
        return time()
    clock = select(func.extract("epoch", func.clock_timestamp()))
    return float(connection.execute(clock).scalar_one())


def _make(connection: Connection, name: str, values: dict[str, object]) -> None:
    try:
        connection.execute(insert(LEASES).values(name=name, epoch=1, **values))
    except exc.IntegrityError as error:  # somebody made it while we looked
        raise RebuildRunning(name, "another process") from error


def _lives(machine: str, pid: int) -> bool:
    """Tell whether a holder may still be at work; on another machine nobody can know."""
    return machine != socket.gethostname() or lives(pid)


def lives(pid: int) -> bool:
    """Tell whether a process of this machine lives."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
