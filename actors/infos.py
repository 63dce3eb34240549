"""What members tell about themselves, beside their work."""

import os
from collections.abc import Mapping

import msgspec

from actors.code import code
from actors.configured_ray import ray
from actors.errors import NodeLacks
from actors.followed import Followed
from store.location import VARIABLE as STORE
from store.location import is_postgres


class Terms(msgspec.Struct, frozen=True):
    """What every member is told: its name, its round of upgrades, and what its node must have.

    `needs` are names of environment variables: secrets come from there and nowhere else.
    """

    name: str
    round: int = 0
    needs: tuple[str, ...] = ()


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Who and where a member is. `lacks` are variables that its node does not have."""

    name: str
    round: int
    pid: int
    raylet_pid: int
    node: str
    code: str
    lacks: tuple[str, ...] = ()
    problem: str | None = None


class HostInfo(msgspec.Struct, frozen=True, kw_only=True):
    """How a host is: `epoch` is 0 before its first write, times in seconds."""

    standing: Standing
    epoch: int
    is_open: bool
    is_fenced: bool
    live: int
    busy_for: float
    quiet_for: float
    placement: int


class GatewayInfo(msgspec.Struct, frozen=True, kw_only=True):
    """How a gateway is: `placement` is the version it routes by, 0 before it serves."""

    standing: Standing
    url: str
    port: int
    is_serving: bool
    placement: int


class ProjectorInfo(msgspec.Struct, frozen=True):
    """How a projector is: `busy_for` is the age of its present step."""

    standing: Standing
    busy_for: float
    views: list[Followed]


Info = HostInfo | GatewayInfo | ProjectorInfo


def standing(terms: Terms, problem: str | None = None) -> Standing:
    """Say who and where this process is."""
    return Standing(
        name=terms.name,
        round=terms.round,
        pid=os.getpid(),
        raylet_pid=os.getppid(),
        node=own_node(),
        code=code(),
        lacks=lacking(terms.needs, os.environ),
        problem=problem,
    )


def expect_environment(terms: Terms) -> None:
    """Raise `NodeLacks` on a node that lacks what it needs."""
    missing = lacking(terms.needs, os.environ)
    if missing:
        raise NodeLacks(missing)


def own_node() -> str:
    """Give the id of the node that this process runs on; empty without Ray."""
    if not ray.is_initialized():
        return ""
    node: str = ray.get_runtime_context().get_node_id()
    return node


def lacking(needs: tuple[str, ...], environ: Mapping[str, str]) -> tuple[str, ...]:
    """Name the variables that are needed and not there; a store must be a database's address."""

    def is_there(name: str) -> bool:
        value = environ.get(name, "")
        return is_postgres(value) if name == STORE else bool(value)

    return tuple(name for name in needs if not is_there(name))
