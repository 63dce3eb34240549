"""The machines of the Ray cluster, and who must leave which."""

from collections.abc import Collection

from actors.configured_ray import ray
from actors.planning import Node


def living(leaving: Collection[str], lacking: Collection[str], only: str | None) -> list[Node]:
    """List the nodes that live, in the order of their ids.

    Hosts go only where there are CPUs to use, nothing is `lacking`, and, for a store that is a
    file, on the node `only`.
    """
    state = ray._private.state.state  # noqa: SLF001 - nothing public tells whom Ray drains
    drained = {*leaving, *state.get_draining_nodes()}
    return sorted(
        (
            Node(
                entry["NodeID"],
                entry["NodeManagerAddress"],
                entry["Resources"].get("CPU", 0) > 0 and entry["NodeID"] not in lacking,
                entry["NodeID"] in drained,
            )
            for entry in ray.nodes()  # type: ignore[no-untyped-call]  # Ray's own gap
            if entry["Alive"] and only in {None, entry["NodeID"]}
        ),
        key=lambda node: node.id,
    )
