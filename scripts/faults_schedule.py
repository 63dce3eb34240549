"""Which fault comes when: drawn from a seed, so that a failure can be had again."""

import random
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Final

import msgspec


class Kind(StrEnum):
    """What can be done to a deployment."""

    KILL_HOST = "kill -9 of a host"
    KILL_GATEWAY = "kill -9 of a gateway"
    KILL_PROJECTOR = "kill -9 of a projector"
    KILL_SUPERVISOR = "kill -9 of the supervisor"
    FREEZE_HOST = "a host stopped and continued"
    HOLD_TRANSACTION = "a transaction held open"
    RIVAL_HOST = "a second host on the same slots"
    TAKE_LEASE = "a second host with the lease of the first"
    KILL_DATABASE = "kill -9 of the database"
    KILL_NODE = "kill -9 of a node"
    FREEZE_NODE = "a node stopped and continued"
    KILL_GCS = "kill -9 of the GCS"
    CUT_NETWORK = "a node cut off from the network"


OF_ANY: Final = (
    Kind.KILL_HOST,
    Kind.KILL_GATEWAY,
    Kind.KILL_PROJECTOR,
    Kind.KILL_SUPERVISOR,
    Kind.FREEZE_HOST,
    Kind.HOLD_TRANSACTION,
    Kind.RIVAL_HOST,
    Kind.TAKE_LEASE,
)
OF_POSTGRES: Final = (Kind.KILL_DATABASE,)
OF_CLUSTER: Final = (Kind.KILL_NODE, Kind.FREEZE_NODE, Kind.KILL_GCS)
OF_NETWORK: Final = (Kind.CUT_NETWORK,)

OFTEN: Final = {Kind.KILL_HOST: 3, Kind.KILL_GATEWAY: 3, Kind.KILL_PROJECTOR: 2}
"""How often these come in each round; all others once."""

LASTS: Final = {
    Kind.FREEZE_HOST: (16.0, 20.0),  # longer than the supervisor's patience
    Kind.FREEZE_NODE: (16.0, 20.0),
    Kind.HOLD_TRANSACTION: (2.0, 6.0),
    Kind.RIVAL_HOST: (4.0, 8.0),
    Kind.TAKE_LEASE: (2.0, 4.0),
    Kind.KILL_DATABASE: (0.0, 3.0),
    Kind.KILL_NODE: (8.0, 12.0),
    Kind.KILL_GCS: (1.0, 4.0),
    Kind.CUT_NETWORK: (16.0, 20.0),
}
"""From and to how many seconds until it is undone; what is not here happens in a moment."""

PACE = 7.5
"""Seconds from one fault to the next, on average."""


class Fault(msgspec.Struct, frozen=True):
    """One fault: when, in seconds from the start, what, for how long, and to whom.

    `choice`, from 0 to 1, picks one of however many there are then.
    """

    at: float
    kind: Kind
    lasts: float
    choice: float

    def __str__(self) -> str:
        """Tell it on a line of the schedule."""
        lasts = f" for {self.lasts:.1f} s" if self.lasts else ""
        return f"{self.at:7.1f} s  {self.kind}{lasts}"


def make_schedule(
    seed: int, seconds: float, kinds: Sequence[Kind], pace: float = PACE
) -> list[Fault]:
    """Draw faults of these kinds for so many seconds; each kind comes before any comes again."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, nobody guards anything with it
    faults: list[Fault] = []
    at = pace
    for kind in _rounds(kinds, chance):
        lasts = chance.uniform(*LASTS.get(kind, (0.0, 0.0)))
        if at + lasts > seconds:
            return faults
        faults.append(Fault(at, kind, lasts, chance.random()))
        at += chance.uniform(pace * 0.5, pace * 1.5)
    return faults


def _rounds(kinds: Sequence[Kind], chance: random.Random) -> Iterator[Kind]:
    while kinds:
        one_round = [kind for kind in kinds for _ in range(OFTEN.get(kind, 1))]
        chance.shuffle(one_round)
        yield from one_round
