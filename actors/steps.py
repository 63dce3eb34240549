"""Does the steps of a plan: starts and ends actors, agrees on placements and tells of them."""

from collections.abc import Mapping
from threading import Thread
from typing import Any, assert_never

import structlog

from actors.agreed import Agreed
from actors.configured_ray import ray
from actors.infos import GatewayInfo, HostInfo, Info, Terms
from actors.members import Blueprint, end, find, make
from actors.placement import Placement
from actors.planning import Place, Start, Step, Stop, World

END_WITHIN = 30.0
"""Seconds a member gets to finish what it has under way."""

log = structlog.get_logger()


class Doing:
    """What has been begun. `starts` are the members started from here."""

    def __init__(self, blueprint: Blueprint) -> None:
        self.starts: dict[str, Start] = {}
        self._blueprint = blueprint
        self._openings: dict[str, Any] = {}
        self._ends: dict[str, Thread] = {}

    def do(
        self, step: Step, world: World, infos: Mapping[str, Info | None], agreed: Agreed
    ) -> None:
        """Do one step, or at least begin it."""
        match step:
            case Start():
                self._start(step, world, infos)
            case Place():
                if agreed.place(world.placement, step.placement):
                    log.info("slots have moved", version=step.placement.version)
                    self.tell(step.placement, infos)
            case Stop():
                self._stop(step.name)
            case _:
                assert_never(step)

    def tell(self, placement: Placement | None, infos: Mapping[str, Info | None]) -> None:
        """Tell the placement to all who go by an older one."""
        for name, info in infos.items():
            if placement is None or not isinstance(info, HostInfo | GatewayInfo):
                continue
            if info.placement < placement.version:
                actor = find(name)
                if actor is not None:
                    actor.assign.options(concurrency_group="ctl").remote(placement)

    def open_hosts(self, infos: Mapping[str, Info | None]) -> None:
        """Have hosts that never had a call open the store; one request each at a time."""
        for name, info in infos.items():
            if not isinstance(info, HostInfo) or info.is_open:
                continue
            opening = self._openings.get(name)
            actor = find(name)
            if actor is not None and (opening is None or ray.wait([opening], timeout=0)[0]):
                self._openings[name] = actor.open.remote()

    def _start(self, start: Start, world: World, infos: Mapping[str, Info | None]) -> None:
        terms = Terms(start.name, world.desired.round, self._blueprint.needs)
        match start.kind:
            case "host":
                member = self._blueprint.host(terms)
            case "projector":
                member = self._blueprint.projector(terms)
            case "gateway":
                address = next(node.address for node in world.nodes if node.id == start.node)
                port = self._port(start, address, world, infos)
                member = self._blueprint.gateway(terms, address, port)
            case _:
                assert_never(start.kind)
        log.info("starting a member", member=start.name, node=start.node)
        self.starts[start.name] = start
        make(start.name, member, start.node, is_bound=start.kind == "gateway")

    def _port(
        self, start: Start, address: str, world: World, infos: Mapping[str, Info | None]
    ) -> int | None:
        """Choose the port of its predecessor, the usual one, or any where that one is taken."""
        gateways = [info for info in infos.values() if isinstance(info, GatewayInfo)]
        for gateway in gateways:
            if gateway.standing.node == start.node:
                return gateway.port
        here = {node.id for node in world.nodes if node.address == address and node.id < start.node}
        elsewhere = {gateway.standing.node for gateway in gateways}
        others = {node.id for node in world.nodes if node.address == address} & elsewhere
        return 0 if here or others else None

    def _stop(self, name: str) -> None:
        running = self._ends.get(name)
        if running is not None and running.is_alive():
            return
        log.info("ending a member", member=name)
        self._ends[name] = Thread(target=end, args=(name, END_WITHIN), daemon=True)
        self._ends[name].start()
