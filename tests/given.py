"""Given these calls, when this one comes, then these facts: a test as one sentence."""

from collections.abc import Callable
from functools import reduce
from typing import Self

from domain import Outcome, Profile, evolve, initial
from domain.attributes import Policies
from domain.commands import AnyCommand
from domain.events import AnyEvent, Event, Fact
from domain.identifiers import ProfileId
from domain.profile import DEFAULT_POLICIES
from tests.controls.world import World

Expected = type[Fact] | Fact | Callable[[AnyEvent], bool]
"""A type of event, a whole event, or a predicate of one."""

SOMEBODY = ProfileId(int=1)


class Given:
    """A world that has seen some calls."""

    def __init__(self, world: World) -> None:
        self.world = world

    def when(self, *commands: AnyCommand, batch: int = 1) -> "Then":
        """Send what the test is about."""
        before = len(self.world.log)
        outcomes = self.world.send(*commands, batch=batch)
        return Then(self.world, [r.event for r in self.world.log[before:]], outcomes)


class Then:
    """The facts that came of it, over all streams, in the order of the log."""

    def __init__(self, world: World, events: list[AnyEvent], outcomes: list[Outcome]) -> None:
        self.world = world
        self.events = events
        self.outcomes = outcomes

    def then(self, *expected: Expected) -> World:
        """Expect exactly these facts, in this order."""
        fits = len(self.events) == len(expected) and all(map(_fits, self.events, expected))
        assert fits, f"Expected {[_say(e) for e in expected]}, got {[_say(e) for e in self.events]}"
        return self.world

    def then_nothing(self) -> World:
        """Expect that no stream changed."""
        return self.then()

    def answered(self, *outcomes: Outcome) -> Self:
        """Expect these answers, one a call."""
        assert self.outcomes == list(outcomes)
        return self


def given(*commands: AnyCommand, policies: Policies = DEFAULT_POLICIES) -> Given:
    """Begin with a world that has seen these calls, each in a transaction of its own."""
    world = World(policies)
    world.send(*commands)
    return Given(world)


def profile_of(*events: Event, policies: Policies = DEFAULT_POLICIES) -> Profile:
    """Give the profile that a stream of these events makes."""
    return reduce(lambda p, e: evolve(p, e, policies), events, initial(SOMEBODY))


def _fits(event: AnyEvent, expected: Expected) -> bool:
    if isinstance(expected, type):
        return isinstance(event, expected)
    if isinstance(expected, Fact):
        return event == expected
    return expected(event)


def _say(expected: object) -> str:
    if isinstance(expected, type):
        return expected.__name__
    return repr(expected)
