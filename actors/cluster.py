"""Ray on this machine, started and ended with the process that asked for it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from actors.configured_ray import ray
from actors.supervisor import OPTIONS, Member, Supervisor

NAMESPACE = "onefold"
SUPERVISOR = "supervisor"

INLINE_BYTES = 4_000_000
"""A batch of any size travels inside its call, never through the object store."""

OBJECT_STORE_BYTES = 100_000_000
"""Batches travel inline; the object store is next to unused."""


@contextmanager
def local_ray(cpus: int) -> Iterator[None]:
    """Run a Ray of our own for as long as the block runs."""
    ray.init(
        address="local",
        num_cpus=cpus,
        include_dashboard=False,
        namespace=NAMESPACE,
        object_store_memory=OBJECT_STORE_BYTES,
        logging_level=logging.WARNING,
        _system_config={
            "max_direct_call_object_size": INLINE_BYTES,
            "worker_niceness": 0,  # Ray's default of 15 lets every other process go first
        },
    )
    try:
        yield
    finally:
        ray.shutdown()


def start_supervisor(members: list[Member]) -> Any:
    """Start the supervisor of a deployment's members and give its handle."""
    options = {**OPTIONS, "name": SUPERVISOR, "namespace": NAMESPACE}
    return ray.remote(Supervisor).options(**options).remote(NAMESPACE, members)
