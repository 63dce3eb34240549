"""How a deployment is, as a whole: what `onefold cluster status` shows."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from actors.agreed import Desired
from actors.infos import GatewayInfo, HostInfo, Info, ProjectorInfo, Standing
from actors.placement import Placement
from actors.planning import Node


class NodeStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A machine: `raylet_pid` is None until its gateway has answered."""

    id: str
    address: str
    state: Literal["usable", "leaving", "lacking", "no cpus"]
    lacks: tuple[str, ...]
    raylet_pid: int | None


class MemberStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A member; all but its name is None while it starts or restarts."""

    name: str
    node: str | None = None
    pid: int | None = None
    code: str | None = None
    round: int | None = None
    problem: str | None = None


class HostStatus(MemberStatus, frozen=True, kw_only=True):
    """A host: `slots` are those it owns, `live` the profiles in its memory."""

    slots: int
    epoch: int = 0
    live: int = 0
    busy_for: float = 0.0
    quiet_for: float = 0.0


class GatewayStatus(MemberStatus, frozen=True, kw_only=True):
    """A gateway: `placement` is the version it routes by."""

    url: str | None = None
    is_serving: bool = False
    placement: int = 0


class ProjectorStatus(MemberStatus, frozen=True, kw_only=True):
    """A projector: `lag` is that of its last view, in positions of the log."""

    lag: int | None = None


class PlacementStatus(msgspec.Struct, frozen=True):
    """The placement: its version, and how many slots its hosts have."""

    version: int
    slots: dict[str, int]


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. `problem` is what keeps the supervisor from its work."""

    deployment: str | None
    store: str
    placement: PlacementStatus | None
    desired: Desired | None
    supervisor: Standing
    problem: str | None
    is_settled: bool
    nodes: list[NodeStatus]
    hosts: list[HostStatus]
    gateways: list[GatewayStatus]
    projectors: list[ProjectorStatus]


def node_status(node: Node, infos: Sequence[Info | None]) -> NodeStatus:
    """Tell how a node is, from what its members say."""
    here = [info.standing for info in infos if info is not None and info.standing.node == node.id]
    lacks = tuple(sorted({name for standing in here for name in standing.lacks}))
    return NodeStatus(
        id=node.id,
        address=node.address,
        state="leaving"
        if node.is_leaving
        else "lacking"
        if lacks
        else "usable"
        if node.is_usable
        else "no cpus",
        lacks=lacks,
        raylet_pid=here[0].raylet_pid if here else None,
    )


def host_status(name: str, info: Info | None, slots: int) -> HostStatus:
    """Tell how a host is."""
    if not isinstance(info, HostInfo):
        return HostStatus(name=name, slots=slots)
    return HostStatus(
        **_common(info.standing),
        slots=slots,
        epoch=info.epoch,
        live=info.live,
        busy_for=info.busy_for,
        quiet_for=info.quiet_for,
    )


def gateway_status(name: str, info: Info | None) -> GatewayStatus:
    """Tell how a gateway is."""
    if not isinstance(info, GatewayInfo):
        return GatewayStatus(name=name)
    return GatewayStatus(
        **_common(info.standing),
        url=info.url,
        is_serving=info.is_serving,
        placement=info.placement,
    )


def projector_status(name: str, info: Info | None) -> ProjectorStatus:
    """Tell how a projector is."""
    if not isinstance(info, ProjectorInfo):
        return ProjectorStatus(name=name)
    lags = [view.lag for view in info.views]
    return ProjectorStatus(**_common(info.standing), lag=max(lags, default=None))


def placement_status(placement: Placement | None) -> PlacementStatus | None:
    """Tell the placement in short."""
    return None if placement is None else PlacementStatus(placement.version, placement.counts())


def of_kind(infos: Mapping[str, Info | None], kind: str) -> list[tuple[str, Info | None]]:
    """List the members of a kind, which is the first word of their names."""
    return [(name, info) for name, info in infos.items() if name.startswith(f"{kind}-")]


def _common(standing: Standing) -> dict[str, Any]:
    fields = ("name", "node", "pid", "code", "round", "problem")
    return {field: getattr(standing, field) for field in fields}
