"""Ray: one of our own on this machine, or a running cluster that we join."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import monotonic, sleep
from typing import Any, Final

from actors.configured_ray import ray
from actors.errors import ClusterUnreachable, RayNotStarted, SupervisorSilent
from actors.infos import own_node
from actors.members import KINDS, NAMESPACE, SUPERVISOR, Blueprint, Member, end, find, make, names
from actors.status import Status
from actors.supervisor import Supervisor

INLINE_BYTES = 4_000_000
"""A batch of any size travels inside its call, never through the object store."""

OBJECT_STORE_BYTES = 100_000_000
"""Batches travel inline; the object store is next to unused."""

LIVELY: Final = {
    "worker_niceness": 0,
    "kill_worker_timeout_milliseconds": 500,
    "core_worker_internal_heartbeat_ms": 100,
    "timeout_ms_task_wait_for_death_info": 100,
}
"""What shortens the time in which nobody hosts a slot (decision 0036).

By Ray's defaults workers let every other process go first, one that is stopped is killed only after
five seconds, and whoever called one that died hears of it up to two seconds later.
"""

ANSWER_WITHIN = 30.0
"""Seconds in which a supervisor that was killed is back, detection included."""

STOP_WITHIN = 30.0


@contextmanager
def local_ray(cpus: int) -> Iterator[None]:
    """Run a Ray of our own for as long as the block runs; raises `RayNotStarted`."""
    try:
        ray.init(
            address="local",
            num_cpus=cpus,
            include_dashboard=False,
            namespace=NAMESPACE,
            object_store_memory=OBJECT_STORE_BYTES,
            logging_level=logging.WARNING,
            _system_config={
                "max_direct_call_object_size": INLINE_BYTES,
                **LIVELY,
            },
        )
    except Exception as error:
        ray.shutdown()  # what has come up of it
        raise RayNotStarted(_in_a_line(error)) from error
    try:
        yield
    finally:
        ray.shutdown()


@contextmanager
def joined_ray(address: str) -> Iterator[None]:
    """Be a driver of a running cluster for as long as the block runs.

    `address` is `auto` or `host:port`; a node of the cluster must run on this machine. Raises
    `ClusterUnreachable`.
    """
    if "://" in address:
        raise ClusterUnreachable(address, "only `auto` or host:port is an address here")
    try:
        ray.init(
            address=address, namespace=NAMESPACE, logging_level=logging.WARNING, log_to_driver=False
        )
    except (ConnectionError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        raise ClusterUnreachable(address, _in_a_line(error)) from error
    try:
        yield
    finally:
        ray.shutdown()


def start_supervisor(blueprint: Blueprint, node: str | None = None) -> Any:
    """Start the supervisor of a deployment, in the place of one that runs, and give its handle.

    It keeps nothing to itself: members go on, and the new one finds them as they are.
    """
    end(SUPERVISOR, STOP_WITHIN)
    give_up = monotonic() + STOP_WITHIN
    while find(SUPERVISOR) is not None and monotonic() < give_up:
        sleep(0.05)
    return make(SUPERVISOR, Member(Supervisor, blueprint), node or own_node())


def deployment_status() -> Status | None:
    """Ask the supervisor how everything is; None when there is none.

    One that is being restarted is waited for; raises `SupervisorSilent` when that takes too long.
    """
    give_up = monotonic() + ANSWER_WITHIN
    while (supervisor := find(SUPERVISOR)) is not None:
        question = supervisor.info.options(concurrency_group="ctl").remote()
        try:
            status: Status = ray.get(question, timeout=max(0.0, give_up - monotonic()))
        except ray.exceptions.RayError as error:
            if monotonic() > give_up:
                raise SupervisorSilent(ANSWER_WITHIN) from error
            sleep(0.2)
        else:
            return status
    return None


def stop_deployment() -> None:
    """Stop the supervisor, then gateways, hosts, projectors: what is under way is finished."""
    with suppress(ray.exceptions.RayError):
        end(SUPERVISOR, STOP_WITHIN)
    for name in sorted(names(), key=lambda name: KINDS.index(name.partition("-")[0])):
        with suppress(ray.exceptions.RayError):
            end(name, STOP_WITHIN)


def _in_a_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
