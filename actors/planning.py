"""From what is wanted and what is there to the next steps: one pure function.

Every step may be lost or done twice; the next look at the world makes up for it.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec

from actors.agreed import Desired
from actors.placement import Placement, initial, spread, towards
from actors.slots import host_name

GROUP = 128
"""Slots that change hands at a time: a new host meets its profiles little by little."""

QUIET = 2.0
"""Seconds without a call after which a host without slots may go."""

Kind = Literal["host", "gateway", "projector"]


class Node(msgspec.Struct, frozen=True):
    """A machine that lives. `is_usable` for hosts and projectors, `is_leaving` when drained."""

    id: str
    address: str
    is_usable: bool = True
    is_leaving: bool = False


class Found(msgspec.Struct, frozen=True):
    """A member that is there. `node` is None while nobody knows where it starts or restarts.

    One that `is_stuck` knows why it cannot get ready; nobody waits for it.
    `placement` is the version that a gateway routes by, `quiet_for` seconds without a call.
    """

    name: str
    kind: Kind
    node: str | None
    round: int
    is_ready: bool
    is_stuck: bool = False
    quiet_for: float = 0.0
    placement: int = 0


class Start(msgspec.Struct, frozen=True):
    """Make a member on a node."""

    kind: Kind
    name: str
    node: str


class Place(msgspec.Struct, frozen=True):
    """Agree on a placement and tell everybody."""

    placement: Placement


class Stop(msgspec.Struct, frozen=True):
    """Let a member finish what it has under way, and end it."""

    name: str


Step = Start | Place | Stop


class World(msgspec.Struct, frozen=True):
    """All that a plan is made from. `projectors` are the names of those wanted."""

    desired: Desired
    nodes: Sequence[Node]
    members: Sequence[Found]
    placement: Placement | None
    projectors: Sequence[str] = ()

    def of(self, kind: Kind) -> list[Found]:
        """List the members of a kind."""
        return [member for member in self.members if member.kind == kind]

    def usable(self) -> list[Node]:
        """List the nodes that hosts and projectors may be on."""
        return [node for node in self.nodes if node.is_usable and not node.is_leaving]

    def suits(self, member: Found) -> bool:
        """Tell whether a host or projector may stay where it is, as it is."""
        places = {None, *(node.id for node in self.usable())}
        return member.round == self.desired.round and member.node in places

    def has(self, name: str) -> bool:
        """Tell whether there is a member of that name."""
        return any(member.name == name for member in self.members)


def plan(world: World) -> list[Step]:
    """Tell what to do next; nothing when all is as wanted."""
    if not world.usable():
        return [*_gateways(world)]
    return [*_hosts(world), *_gateways(world), *_projectors(world)]


def gateway_name(node: Node, number: int) -> str:
    """Name the gateway of a node and a round."""
    return f"gateway-{node.id[:8]}-{number}"


def _hosts(world: World) -> list[Step]:
    kept, lacking = _kept_and_lacking(world)
    serving = _serving(world, kept)
    starting = any(not host.is_ready and not host.is_stuck for host in kept)
    if serving and starting:
        lacking = []  # one by one, once there is somebody who serves
    elif serving:
        lacking = lacking[:1]
    names = _free_names(world, len(lacking))
    starts = [Start("host", *place) for place in zip(names, lacking, strict=True)]
    placed = _placed(world, serving or [host.name for host in kept] + names)
    return [*starts, *placed, *([] if placed else _retired(world, kept))]


def _kept_and_lacking(world: World) -> tuple[list[Found], list[str]]:
    """List the hosts to keep, evenly over the nodes, and the nodes to start further ones on."""
    good = [host for host in world.of("host") if world.suits(host)]
    have = {} if world.placement is None else world.placement.counts()
    good.sort(key=lambda host: -have.get(host.name, 0))
    on = {node.id: [host for host in good if host.node == node.id] for node in world.usable()}
    kept = [host for host in good if host.node is None][: world.desired.hosts]
    fullest = sorted(on, key=lambda node: -len(on[node]))
    fair, odd = divmod(world.desired.hosts, len(on))
    lacking = []
    for place, node in enumerate(fullest):
        quota = fair + (place < odd)
        kept += on[node][:quota]
        lacking += [node] * (quota - len(on[node]))
    return kept, lacking[: max(0, world.desired.hosts - len(kept))]


def _serving(world: World, kept: list[Found]) -> list[str]:
    """Name the hosts that may have slots: those that are ready, and as many old ones as lack."""
    owners = () if world.placement is None else world.placement.hosts
    serving = [host.name for host in kept if host.is_ready or host.name in owners]
    old = [name for name in owners if world.has(name) and name not in serving]
    return serving + old[: max(0, world.desired.hosts - len(serving))]


def _free_names(world: World, count: int) -> list[str]:
    """Name new hosts: first those whose slots wait for them, then the lowest free numbers."""
    owners = [] if world.placement is None else sorted(world.placement.hosts)
    numbers = range(count + len(world.members) + len(owners))
    names = dict.fromkeys([*owners, *map(host_name, numbers)])
    return [name for name in names if not world.has(name)][:count]


def _placed(world: World, serving: list[str]) -> list[Step]:
    before = world.placement
    if before is None:
        return [Place(initial(serving))] if serving else []
    target = spread(before, serving) if serving else before
    if target is before:
        return []
    is_orphaned = not any(world.has(name) for name in before.hosts)
    return [Place(target if is_orphaned else towards(before, target, GROUP))]


def _retired(world: World, kept: list[Found]) -> list[Step]:
    """Stop hosts that are not wanted, once no gateway has anything for them."""
    placement = world.placement
    if placement is None or any(g.placement < placement.version for g in _routing(world)):
        return []
    wanted = {host.name for host in kept} | set(placement.hosts)
    return [
        Stop(host.name)
        for host in world.of("host")
        if host.name not in wanted and host.quiet_for >= QUIET
    ]


def _routing(world: World) -> list[Found]:
    return [gateway for gateway in world.of("gateway") if gateway.is_ready]


def _gateways(world: World) -> list[Step]:
    """One on every node; a new round's first, then the old one's end."""
    busy = {member.node for member in world.members if member.kind != "gateway"}
    current = world.desired.round
    is_starting = any(g.round == current and not g.is_ready for g in world.of("gateway"))
    hosts_are_done = all(host.round == current for host in world.of("host"))
    steps: list[Step] = []
    there = {node.id for node in world.nodes}
    steps += [Stop(g.name) for g in world.of("gateway") if g.node and g.node not in there]
    for node in world.nodes:
        here = [g for g in world.of("gateway") if g.node == node.id]
        has_current = [g for g in here if g.round == current]
        if node.is_leaving:
            steps += [Stop(g.name) for g in here if node.id not in busy]
        elif not has_current:
            if not here or (hosts_are_done and not is_starting):
                steps.append(Start("gateway", gateway_name(node, current), node.id))
                is_starting = True
        elif has_current[0].is_ready:
            steps += [Stop(g.name) for g in here if g.round != current]
    return steps


def _projectors(world: World) -> list[Step]:
    """Start those that are missing; move or renew one at a time."""
    have = [member.node for member in world.of("projector")]
    nodes = sorted(world.usable(), key=lambda node: (have.count(node.id), node.id))
    missing = [name for name in world.projectors if not world.has(name)]
    if missing:
        return [
            Start("projector", name, nodes[place % len(nodes)].id)
            for place, name in enumerate(missing)
        ]
    unfit = [
        member.name
        for member in world.of("projector")
        if member.name not in world.projectors or not world.suits(member)
    ]
    if any(host.round != world.desired.round for host in (*world.of("host"), *world.of("gateway"))):
        unfit = [name for name in unfit if _is_misplaced(world, name)]
    return [Stop(name) for name in unfit[:1]]


def _is_misplaced(world: World, name: str) -> bool:
    places = {None, *(node.id for node in world.usable())}
    return any(member.name == name and member.node not in places for member in world.members)
