"""The members of a deployment as Ray actors: how they are made, found and ended."""

from contextlib import suppress
from typing import Any, Protocol

import msgspec

from actors.configured_ray import ray
from actors.infos import Terms
from store.archive import Store

NAMESPACE = "onefold"
SUPERVISOR = "supervisor"

KINDS = ("gateway", "host", "projector")
"""The first words of members' names, in the order in which they are ended."""

OPTIONS: dict[str, Any] = {
    "max_restarts": -1,
    "max_task_retries": 0,  # a retried call would be doubled and reordered
    "enable_task_events": False,  # the head's memory grows with every call otherwise
    "lifetime": "detached",
    "get_if_exists": True,
    "num_cpus": 0,
    "memory": 1,  # byte; where one that asks for nothing goes Ray leaves to chance (decision 0041)
    "namespace": NAMESPACE,
}


Process = tuple[str, int]
"""A process of the cluster: its node and pid."""


class Member(msgspec.Struct, frozen=True):
    """An actor to make: its plain class, and what its constructor takes; no secrets.

    The class offers `info()`, answered beside its work, and `stop()`.
    """

    shell: type
    settings: Any


class Blueprint(Protocol):
    """How the members of a deployment are made; the supervisor asks it."""

    @property
    def where(self) -> str:
        """Where the store is, without a password."""

    @property
    def deployment(self) -> str | None:
        """Identify a deployment that outlives who started it and may span nodes.

        None: it does neither, and who started it holds the store.
        """

    @property
    def needs(self) -> tuple[str, ...]:
        """Name the variables that every node must have in its environment."""

    @property
    def projectors(self) -> tuple[str, ...]:
        """Name the projectors that are wanted."""

    def store(self) -> Store:
        """Open the store; raises `StoreError`."""

    def host(self, terms: Terms) -> Member:
        """Describe a host."""

    def projector(self, terms: Terms) -> Member:
        """Describe the projector of a name that is wanted."""

    def gateway(self, terms: Terms, address: str, port: int | None) -> Member:
        """Describe a gateway of a node; `port` None: the usual one, 0: any free one."""


def make(name: str, member: Member, node: str, *, is_bound: bool = False) -> Any:
    """Make the actor of a name, or find it. `is_bound` to its node it never runs elsewhere."""
    actor = ray.remote(concurrency_groups={"ctl": 1})(member.shell)  # type: ignore[call-overload]  # the stubs lack this option
    affinity = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy
    strategy = affinity(node, soft=not is_bound)
    options = {**OPTIONS, "name": name, "scheduling_strategy": strategy}
    return actor.options(**options).remote(member.settings)


def find(name: str) -> Any | None:
    """Find the actor of a name; None when there is none."""
    try:
        return ray.get_actor(name, NAMESPACE)
    except ValueError:
        return None


def process_of(actor: Any) -> Process | None:
    """Tell which process an actor is, by Ray's books; None while it (re)starts or is gone."""
    state = ray._private.state.state  # noqa: SLF001 - the public way is a service of the dashboard
    entry = state.actor_table(actor._actor_id.hex())  # noqa: SLF001 - nor is there one to the id
    if not entry or entry["State"] != "ALIVE":
        return None
    return entry["Address"]["NodeID"], entry["Pid"]


def names() -> list[str]:
    """Name all members, those that start or restart included; the supervisor is none."""
    listed = ray.util.list_named_actors(all_namespaces=True)
    ours = {entry["name"] for entry in listed if entry["namespace"] == NAMESPACE}
    return sorted(name for name in ours if name.partition("-")[0] in KINDS)


def end(name: str, within: float) -> None:
    """Let an actor finish what is under way, for so many seconds, and end it for good."""
    actor = find(name)
    if actor is not None:
        with suppress(ray.exceptions.RayError):
            ray.get(actor.stop.remote(), timeout=within)
        ray.kill(actor)
