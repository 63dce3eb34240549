"""Keeps hosts and gateways alive: makes them, watches them, replaces them.

Ray restarts an actor whose process dies. It does not notice one that hangs, nor one that lost
its lease, nor does it bring back one that is dead for good; the supervisor does. Every step
may be repeated, and whatever it does, the store's leases decide who may write.
"""

from collections.abc import Callable
from threading import Event, Thread
from typing import Any

import msgspec
import structlog

from actors.configured_ray import ray
from actors.logs import configure_logs

PERIOD = 1.0
PATIENCE = 15.0
"""Seconds an actor may take to answer before it counts as hanging."""

STRIKES = 2
STUCK = 60.0
"""Seconds in one batch after which a host counts as stuck."""

OPTIONS: dict[str, Any] = {
    "max_restarts": -1,
    "max_task_retries": 0,  # a retried call would be doubled and reordered
    "enable_task_events": False,  # the head's memory grows with every call otherwise
    "lifetime": "detached",
    "get_if_exists": True,
    "num_cpus": 0,
}

log = structlog.get_logger()


class Member(msgspec.Struct, frozen=True):
    """An actor to keep: its name, its plain class, and what its constructor takes.

    The class offers `info()`, answered beside its work; see `_is_well` for what counts in it.
    """

    name: str
    shell: type
    settings: Any


class Supervisor:
    """Looks after members of one namespace until told to stop."""

    def __init__(self, namespace: str, members: list[Member]) -> None:
        configure_logs()
        self._namespace = namespace
        self._members = members
        self._strikes = {member.name: 0 for member in members}
        self._stopped = Event()
        self._thread = Thread(target=self._watch, name="supervisor", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop looking after anybody."""
        self._stopped.set()
        self._thread.join(PATIENCE)

    def _watch(self) -> None:
        self._for_each(self._handle)  # made all at once, then asked one by one
        while not self._stopped.is_set():
            self._for_each(self._tend)
            self._stopped.wait(PERIOD)

    def _for_each(self, step: Callable[[Member], object]) -> None:
        for member in self._members:
            try:
                step(member)
            except ray.exceptions.RayError as error:
                log.warning("could not tend a member", member=member.name, why=str(error))

    def _tend(self, member: Member) -> None:
        try:
            info = self._asked(member)
        except ray.exceptions.ActorUnavailableError:
            return  # Ray is restarting it already
        except ray.exceptions.RayError as error:
            log.warning("a member did not answer", member=member.name, why=type(error).__name__)
            info = None
        if info is not None and _is_well(info):
            self._strikes[member.name] = 0
            return
        self._strikes[member.name] += 1
        if self._strikes[member.name] >= STRIKES:
            log.warning("replacing a member", member=member.name, info=str(info))
            self._strikes[member.name] = 0
            ray.kill(self._handle(member), no_restart=False)

    def _asked(self, member: Member) -> Any:
        question = self._handle(member).info.options(concurrency_group="ctl").remote()
        return ray.get(question, timeout=PATIENCE)

    def _handle(self, member: Member) -> Any:
        """Find the actor of that name, or make it."""
        options = {**OPTIONS, "name": member.name, "namespace": self._namespace}
        actor = ray.remote(concurrency_groups={"ctl": 1})(member.shell)  # type: ignore[call-overload]  # the stubs lack this option
        return actor.options(**options).remote(member.settings)


def _is_well(info: Any) -> bool:
    """Tell whether an answer comes from one that can work: not fenced, not stuck."""
    return not getattr(info, "is_fenced", False) and getattr(info, "busy_for", 0.0) < STUCK
