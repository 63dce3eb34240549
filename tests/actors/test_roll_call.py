"""Members are asked how they are, and those that do not work are replaced, once."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import msgspec
import pytest

from actors import roll_call
from actors.configured_ray import ray
from actors.infos import HostInfo, Info
from actors.roll_call import ANSWER_WITHIN, GONE_WITHIN, PATIENCE, START_WITHIN, STUCK, RollCall
from tests.actors.test_observing import HOST

if TYPE_CHECKING:
    from actors.members import Process

NAME = HOST.standing.name
PROCESS = (HOST.standing.node, HOST.standing.pid)
FENCED = msgspec.structs.replace(HOST, is_fenced=True)


class Member:
    """A host as Ray would show it: what it answers, and how often it was killed."""

    def __init__(self) -> None:
        self.answer: HostInfo | Exception | None = HOST
        self.process: Process | None = PROCESS
        self.kills = self.asked = 0
        self.now = 1_000.0
        self._roll_call = RollCall()

    def look(self, after: float = 1.0) -> Info | None:
        """Let the supervisor look, so many seconds after the last time."""
        self.now += after
        return self._roll_call.hold([NAME])[NAME]

    @property
    def patience(self) -> float:
        """How long the supervisor would wait for this member now."""
        return self._roll_call.patience

    @property
    def info(self) -> Any:
        """The method of an actor's handle."""
        return SimpleNamespace(options=lambda **_: SimpleNamespace(remote=self._ask))

    def _ask(self) -> "Member":
        self.asked += 1
        return self

    def wait(self, questions: list[Any], **_: Any) -> tuple[list[Any], list[Any]]:
        """See `ray.wait`."""
        return ([], questions) if self.answer is None else (questions, [])

    def get(self, _question: object) -> HostInfo:
        """See `ray.get`."""
        assert self.answer is not None
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def kill(self, _actor: object, *, no_restart: bool) -> None:
        """See `ray.kill`."""
        assert not no_restart
        self.kills += 1

    def restarted(self) -> None:
        """Be a new process, which is well."""
        standing = msgspec.structs.replace(HOST.standing, pid=HOST.standing.pid + 1)
        self.answer = msgspec.structs.replace(HOST, standing=standing)
        self.process = (standing.node, standing.pid)


@pytest.fixture
def member() -> Iterator[Member]:
    one = Member()
    with (
        patch.object(roll_call, "find", lambda _: one),
        patch.object(roll_call, "process_of", lambda actor: actor.process),
        patch.object(roll_call, "monotonic", lambda: one.now),
        patch.multiple(ray, wait=one.wait, get=one.get, kill=one.kill),
    ):
        yield one


def test_a_look_sees_members_as_they_are_now(member: Member) -> None:
    assert member.look() == HOST
    member.answer = msgspec.structs.replace(HOST, live=9)
    assert member.look() == member.answer
    assert member.kills == 0


def test_a_fenced_host_is_replaced_at_first_sight(member: Member) -> None:
    member.look()
    member.answer = FENCED
    assert member.look() is None
    assert member.kills == 1


def test_whoever_comes_after_a_replaced_host_is_not_killed_for_it(member: Member) -> None:
    """Ray kills in its own time: the fenced process may answer once more."""
    member.answer = FENCED
    assert [member.look(0.1) for _ in range(5)] == [None] * 5
    assert member.kills == 1
    member.restarted()
    assert member.look() == member.answer
    assert member.kills == 1


def test_a_kill_that_got_lost_is_repeated(member: Member) -> None:
    member.answer = FENCED
    member.look()
    member.look(GONE_WITHIN + 1)
    assert member.kills == 2


def test_silence_is_forgiven_once(member: Member) -> None:
    member.look()
    member.answer = None
    assert member.look() == HOST
    member.look(PATIENCE + 1)
    assert member.kills == 0
    member.look()
    member.look(PATIENCE + 1)
    assert member.kills == 1


def test_the_next_look_comes_when_the_time_for_an_answer_runs_out(member: Member) -> None:
    member.look()
    assert member.patience == PATIENCE
    member.answer = None
    member.look()
    member.now += ANSWER_WITHIN
    assert member.patience == pytest.approx(PATIENCE - 2 * ANSWER_WITHIN)
    member.now += PATIENCE
    assert member.patience == 0


def test_one_that_hangs_is_replaced_by_a_supervisor_that_never_heard_it(member: Member) -> None:
    """One that starts has no process in Ray's books; who has one and is silent does not start."""
    member.answer = None
    member.look()
    member.look(PATIENCE + 1)
    assert member.kills == 0
    member.look(PATIENCE + 1)
    assert member.kills == 1


def test_one_that_is_being_killed_is_not_killed_again_for_its_silence(member: Member) -> None:
    member.answer = FENCED
    member.look()
    member.answer = None
    member.look(0.0)
    member.look(PATIENCE + 0.1)
    member.look(PATIENCE + 0.1)
    assert member.kills == 1


def starts(member: Member) -> None:
    member.process = None
    member.answer = ray.exceptions.ActorUnavailableError("it restarts", b"0" * 16)
    assert member.look() is None
    member.answer = None
    member.look(0.0)


def test_silence_of_the_process_before_is_not_held_against_the_next(member: Member) -> None:
    member.look()
    member.answer = None
    member.look()
    member.look(PATIENCE + 1)
    starts(member)
    member.process = PROCESS
    member.look(PATIENCE + 1)
    assert member.kills == 0


def test_one_that_starts_may_take_its_time(member: Member) -> None:
    starts(member)
    member.look(START_WITHIN - 1)
    assert member.kills == 0
    member.look(PATIENCE + 1)
    assert member.kills == 1


def test_one_that_starts_is_asked_again_for_a_question_may_get_lost(member: Member) -> None:
    starts(member)
    asked = member.asked
    member.look(PATIENCE + 1)
    assert member.asked == asked + 1
    member.restarted()
    assert member.look() == member.answer
    assert member.kills == 0


def test_one_that_is_stuck_is_replaced_at_the_second_sight(member: Member) -> None:
    member.answer = msgspec.structs.replace(HOST, busy_for=STUCK)
    member.look()
    assert member.kills == 0
    member.look()
    assert member.kills == 1
