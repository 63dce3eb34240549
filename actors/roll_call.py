"""Asks members how they are without waiting for the slow, and replaces those that do not work.

Ray restarts an actor whose process dies. It does not notice one that hangs, nor one that lost
its lease; this does.
"""

from collections.abc import Iterable
from time import monotonic
from typing import Any

import structlog

from actors.configured_ray import ray
from actors.infos import HostInfo, Info, ProjectorInfo
from actors.members import Process, find, process_of

ANSWER_WITHIN = 0.2
"""Seconds that a look waits for those who answer at once, so that it sees them as they are now."""

PATIENCE = 1.0
"""Seconds a member may take to answer before that counts against it."""

START_WITHIN = 120.0
"""Seconds in which one that (re)starts must be up; it is asked again all the while, for a question
to somebody who is just dying or starting may get lost."""

GONE_WITHIN = 3.0
"""Seconds in which one that was killed may still be there."""

STRIKES = 2
STUCK = 60.0
"""Seconds in one batch after which a member counts as stuck."""

log = structlog.get_logger()


class RollCall:
    """What is known about the members."""

    def __init__(self) -> None:
        self._asked: dict[str, _Asked] = {}

    @property
    def patience(self) -> float:
        """Tell after how many seconds a look would find that somebody took too long to answer."""
        return min((asked.patience for asked in self._asked.values()), default=PATIENCE)

    def hold(self, names: Iterable[str]) -> dict[str, Info | None]:
        """Ask each of these, and give what they said last; None: not since they (re)started."""
        self._asked = {name: self._asked.get(name) or _Asked(name) for name in names}
        questions = [question for asked in self._asked.values() if (question := asked.ask())]
        if questions:
            ray.wait(questions, num_returns=len(questions), timeout=ANSWER_WITHIN)
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
        self._silent_since = monotonic()
        self._replaced: Process | None = None
        self._replaced_at = 0.0

    @property
    def patience(self) -> float:
        """Tell when a look should begin that sees the time for an answer run out, in seconds."""
        if self._question is None:
            return PATIENCE
        return max(0.0, self._asked_at + PATIENCE - ANSWER_WITHIN - monotonic())

    def ask(self) -> Any:
        """Ask unless a question is on its way; gives that, or None when there is nobody."""
        if self._question is None and (actor := find(self._name)) is not None:
            self._question = actor.info.options(concurrency_group="ctl").remote()
            self._asked_at = monotonic()
        return self._question

    def look(self) -> None:
        """Take the answer if there is one, and count it against a member if there is none."""
        if self._question is None:
            return
        ready, _ = ray.wait([self._question], timeout=0)
        if ready:
            self._take_answer()
        elif monotonic() - self._asked_at >= PATIENCE:
            self._question = None
            self._miss()
            self.ask()

    def _miss(self) -> None:
        if self.info is not None or self._is_up():
            self._strike("it did not answer")
        elif monotonic() - self._silent_since > START_WITHIN:
            self._replace("it did not start")

    def _take_answer(self) -> None:
        question, self._question = self._question, None
        self._silent_since = monotonic()
        try:
            info: Info = ray.get(question)
        except ray.exceptions.RayActorError:
            self.info, self._strikes = None, 0  # Ray restarts it, or it is gone
            return
        except ray.exceptions.RayError as error:
            self._strike(type(error).__name__)
            return
        if self._is_going((info.standing.node, info.standing.pid)):
            return
        self.info = info
        if is_well(info):
            self._strikes = 0
        elif is_lost(info):
            self._replace(str(info))
        else:
            self._strike(str(info))

    def _strike(self, why: str) -> None:
        self._strikes += 1
        if self._strikes >= STRIKES:
            self._replace(why)

    def _replace(self, why: str) -> None:
        actor = find(self._name)
        if actor is None:
            return
        log.warning("replacing a member", member=self._name, why=why)
        self._replaced, self._replaced_at = process_of(actor), monotonic()
        self._strikes = 0
        self.info = None
        self._silent_since = monotonic()
        ray.kill(actor, no_restart=False)

    def _is_up(self) -> bool:
        """Tell whether one that never answered could: its silence is no start then.

        A supervisor that is new itself knows nobody, and may meet members that hang.
        """
        actor = find(self._name)
        process = None if actor is None else process_of(actor)
        return process is not None and not self._is_going(process)

    def _is_going(self, process: Process) -> bool:
        """Tell whether this one is being killed: a second kill would hit who comes after it."""
        is_fresh = monotonic() - self._replaced_at < GONE_WITHIN
        return is_fresh and process == self._replaced


def is_lost(info: Info) -> bool:
    """Tell whether a member will never be well again: a lease that was taken stays taken."""
    return isinstance(info, HostInfo) and info.is_fenced


def is_well(info: Info | None) -> bool:
    """Tell whether an answer comes from one that can work: not fenced, not stuck."""
    match info:
        case HostInfo():
            return not info.is_fenced and info.busy_for < STUCK
        case ProjectorInfo():
            return info.busy_for < STUCK
        case _:
            return True
