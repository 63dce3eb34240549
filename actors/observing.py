"""From what members say to what the plan is made from."""

from collections.abc import Collection, Iterable, Mapping
from typing import assert_never, cast

import msgspec

from actors.infos import GatewayInfo, HostInfo, Info, ProjectorInfo, Standing
from actors.planning import Found, Kind, Start


class Begun(msgspec.Struct, frozen=True):
    """What the supervisor has started itself, and the round that it is at."""

    starts: Mapping[str, Start]
    round: int


def found(name: str, info: Info | None, begun: Begun, there: Collection[str]) -> Found:
    """Describe a member; one that says nothing is where it was started, as far as we know."""
    kind = cast("Kind", name.partition("-")[0])
    match info:
        case None if kind == "gateway":
            _, short, number = name.split("-")
            node = next((node for node in there if node.startswith(short)), short)
            return Found(name, kind, node, int(number), is_ready=False)
        case None:
            start = begun.starts.get(name)
            place = None if start is None else _still(start.node, kind, there)
            return Found(name, kind, place, begun.round, is_ready=False)
        case HostInfo():
            return Found(
                *_place(info.standing, kind, there),
                is_ready=info.is_open,
                is_stuck=info.standing.problem is not None,
                quiet_for=0.0 if info.busy_for else info.quiet_for,
            )
        case GatewayInfo():
            return Found(
                *_place(info.standing, kind, there),
                is_ready=info.is_serving,
                placement=info.placement,
            )
        case ProjectorInfo():
            return Found(*_place(info.standing, kind, there), is_ready=True)
    assert_never(info)


def lacking_nodes(infos: Iterable[Info | None]) -> set[str]:
    """List the nodes whose environment lacks something, by what runs there."""
    said = (info.standing for info in infos if info is not None)
    return {standing.node for standing in said if standing.lacks}


def _place(
    standing: Standing, kind: Kind, there: Collection[str]
) -> tuple[str, Kind, str | None, int]:
    return standing.name, kind, _still(standing.node, kind, there), standing.round


def _still(node: str, kind: Kind, there: Collection[str]) -> str | None:
    """Give a member's node; whose node is gone is restarted somewhere, a gateway never is."""
    return node if node in there or kind == "gateway" else None
