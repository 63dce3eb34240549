"""Asks members how they are without waiting for any, and replaces those that do not work.

Ray restarts an actor whose process dies. It does not notice one that hangs, nor one that lost
its lease; this does.
"""

from collections.abc import Iterable
from time import monotonic
from typing import Any

import structlog

from actors.configured_ray import ray
from actors.infos import HostInfo, Info, ProjectorInfo
from actors.members import find

PATIENCE = 5.0
"""Seconds a member may take to answer before that counts against it."""

START_WITHIN = 60.0
"""The same for one that has not answered since it was started."""

STRIKES = 2
STUCK = 60.0
"""Seconds in one batch after which a member counts as stuck."""

log = structlog.get_logger()


class RollCall:
    """What is known about the members."""

    def __init__(self) -> None:
        self._asked: dict[str, _Asked] = {}

    def hold(self, names: Iterable[str]) -> dict[str, Info | None]:
        """Ask each of these, and give what they said last; None: not since they (re)started."""
        self._asked = {name: self._asked.get(name) or _Asked(name) for name in names}
        for asked in self._asked.values():
            asked.look()
        return {name: asked.info for name, asked in self._asked.items()}


class _Asked:
    """One member: what it said last, and the question that is on its way to it."""

    def __init__(self, name: str) -> None:
        self.info: Info | None = None
        self._name = name
        self._strikes = 0
        self._question: Any = None
        self._asked_at = 0.0

    def look(self) -> None:
        if self._question is None:
            self._ask()
            return
        ready, _ = ray.wait([self._question], timeout=0)
        if ready:
            self._take_answer()
        elif monotonic() - self._asked_at > (START_WITHIN if self.info is None else PATIENCE):
            self._question = None
            self._strike("it did not answer")

    def _ask(self) -> None:
        actor = find(self._name)
        if actor is not None:
            self._question = actor.info.options(concurrency_group="ctl").remote()
            self._asked_at = monotonic()

    def _take_answer(self) -> None:
        question, self._question = self._question, None
        try:
            self.info = ray.get(question)
        except ray.exceptions.RayActorError:
            self.info = None  # Ray restarts it, or it is gone
            return
        except ray.exceptions.RayError as error:
            self._strike(type(error).__name__)
            return
        if is_well(self.info):
            self._strikes = 0
            self._ask()
        else:
            self._strike(str(self.info))

    def _strike(self, why: str) -> None:
        self._strikes += 1
        actor = find(self._name)
        if self._strikes < STRIKES or actor is None:
            return
        log.warning("replacing a member", member=self._name, why=why)
        self._strikes = 0
        self.info = None
        ray.kill(actor, no_restart=False)


def is_well(info: Info | None) -> bool:
    """Tell whether an answer comes from one that can work: not fenced, not stuck."""
    match info:
        case HostInfo():
            return not info.is_fenced and info.busy_for < STUCK
        case ProjectorInfo():
            return info.busy_for < STUCK
        case _:
            return True
