"""Keeps a deployment as it is wanted: makes members, watches them, moves slots, ends members.

All it knows is in the store and in what members say, so it may be killed or replaced at any
moment. Every step may be repeated, and whatever it does, the store's leases decide who may write.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

import msgspec
import structlog

from actors import status
from actors.agreed import Agreed, Desired
from actors.configured_ray import ray
from actors.errors import NodeLacks
from actors.infos import (
    GatewayInfo,
    HostInfo,
    Info,
    Terms,
    expect_environment,
    own_node,
    standing,
)
from actors.logs import configure_logs
from actors.members import SUPERVISOR, Blueprint, names
from actors.nodes import living
from actors.observing import Begun, found, lacking_nodes
from actors.planning import Node, World, plan
from actors.roll_call import RollCall
from actors.status import Status
from actors.steps import Doing
from store.errors import DatabaseInUse, StoreError
from store.location import only_deployment, release_deployment

if TYPE_CHECKING:
    from actors.placement import Placement

PERIOD = 1.0
SOON = 0.1
"""Seconds to the next look while something is on the move."""

TOLD_WITHIN = 5.0
"""Seconds in which a supervisor that cannot work where it is tells why, before it leaves."""

STOP_WITHIN = 15.0

log = structlog.get_logger()


class Supervisor:
    """Looks after the members of one deployment until told to stop."""

    def __init__(self, blueprint: Blueprint) -> None:
        configure_logs()
        self._blueprint = blueprint
        self._terms = Terms(SUPERVISOR, needs=blueprint.needs)
        self._standing = standing(self._terms)
        self._roll_call = RollCall()
        self._doing = Doing(blueprint)
        self._problem: str | None = "it has not looked around yet"
        self._is_settled = False
        self._desired: Desired | None = None
        self._placement: Placement | None = None  # read from the store again at every look
        self._nodes: list[Node] = []
        self._infos: dict[str, Info | None] = {}
        self._stopped = Event()
        self._thread = Thread(target=self._watch, name="supervisor", daemon=True)
        self._thread.start()

    def info(self) -> Status:
        """Tell how the deployment is."""
        counts = {} if self._placement is None else self._placement.counts()
        infos = self._infos
        return Status(
            deployment=self._blueprint.deployment,
            store=self._blueprint.where,
            placement=status.placement_status(self._placement),
            desired=self._desired,
            supervisor=self._standing,
            problem=self._problem,
            is_settled=self._is_settled,
            nodes=[status.node_status(node, list(infos.values())) for node in self._nodes],
            hosts=[
                status.host_status(name, info, counts.get(name, 0))
                for name, info in status.of_kind(infos, "host")
            ],
            gateways=[
                status.gateway_status(name, info) for name, info in status.of_kind(infos, "gateway")
            ],
            projectors=[
                status.projector_status(name, info)
                for name, info in status.of_kind(infos, "projector")
            ],
        )

    def stop(self) -> None:
        """Stop looking after anybody, and let go of the database."""
        self._stopped.set()
        self._thread.join(STOP_WITHIN)

    def _watch(self) -> None:
        while not self._stopped.is_set():
            try:
                with self._alone():
                    self._supervise()
            except NodeLacks as error:
                self._trouble(error)
                self._leave()
            except StoreError as error:
                self._trouble(error)
            except Exception as error:
                log.exception("the supervisor stumbled")
                self._trouble(error)
            self._stopped.wait(PERIOD)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the database for as long as the block runs, unless who started us does.

        An earlier supervisor of the same deployment may live on where nobody reaches it.
        """
        if self._blueprint.deployment is None:
            yield
            return
        expect_environment(self._terms)
        with ExitStack() as held:
            try:
                held.enter_context(only_deployment(os.environ, self._give_way))
            except DatabaseInUse:
                if not self._is_ours():
                    raise
                log.warning("took the database over", holder=release_deployment(os.environ))
                held.enter_context(only_deployment(os.environ, self._give_way))
            yield

    def _is_ours(self) -> bool:
        store = self._blueprint.store()
        try:
            return Agreed(store.backend).deployment() == self._blueprint.deployment
        finally:
            store.backend.close()

    def _give_way(self, error: DatabaseInUse) -> None:
        """Leave everything to the deployment that took the database while its server was away."""
        self._trouble(error)
        self._stopped.set()

    def _leave(self) -> None:
        """End this process, once whoever asks could be told why.

        Ray brings a supervisor whose node is gone back on any other, also where it cannot work;
        it then brings this one back too, until it is where it can.
        """
        if not self._stopped.wait(TOLD_WITHIN):
            os._exit(1)

    def _trouble(self, error: Exception) -> None:
        self._problem = str(error)
        log.warning("the supervisor cannot work", why=self._problem)

    def _supervise(self) -> None:
        store = self._blueprint.store()
        agreed = Agreed(store.backend)
        try:
            while not self._stopped.is_set():
                is_moving = self._looked_around(agreed)
                self._is_settled = not is_moving and self._problem is None
                # A look that failed may not have seen who is late: no sooner because of them.
                patience = PERIOD if self._problem else self._roll_call.patience
                self._stopped.wait(SOON if is_moving else min(PERIOD, patience))
        finally:
            store.backend.close()

    def _looked_around(self, agreed: Agreed) -> bool:
        """Look at everything once, do what is to be done, and tell whether there was any."""
        try:
            self._infos = self._roll_call.hold(names())
            self._look_at_nodes()
            return self._stepped(agreed)
        except (StoreError, ray.exceptions.RayError) as error:
            self._trouble(error)
            return False

    def _look_at_nodes(self) -> None:
        leaving = () if self._desired is None else self._desired.leaving
        only = None if self._blueprint.deployment else own_node()
        self._nodes = living(leaving, lacking_nodes(self._infos.values()), only)

    def _stepped(self, agreed: Agreed) -> bool:
        self._desired, self._placement = agreed.desired(), agreed.placement()
        self._problem = None
        if self._desired is None:
            return False
        world = self._world(self._desired)
        steps = plan(world)
        for step in steps:
            self._doing.do(step, world, self._infos, agreed)
        self._placement = agreed.placement() if steps else self._placement
        self._doing.tell(self._placement, self._infos)
        self._doing.open_hosts(self._infos)
        return bool(steps) or any(map(self._is_behind, self._infos.values()))

    def _is_behind(self, info: Info | None) -> bool:
        """Tell whether a member starts, or has not taken over the placement yet."""
        if not isinstance(info, HostInfo | GatewayInfo) or info.standing.problem:
            return info is None
        return self._placement is not None and info.placement < self._placement.version

    def _world(self, desired: Desired) -> World:
        there = {node.id for node in self._nodes}
        leaving = tuple(node for node in desired.leaving if node in there)
        begun = Begun(self._doing.starts, desired.round)
        return World(
            msgspec.structs.replace(desired, leaving=leaving),
            self._nodes,
            [found(name, info, begun, there) for name, info in self._infos.items()],
            self._placement,
            self._blueprint.projectors,
        )
