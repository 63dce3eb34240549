"""What a request turned into, whatever dialect it was written in."""

import msgspec

from domain.commands import AnyCommand


class Rejected(msgspec.Struct, frozen=True):
    """A call that was not taken: its place in the batch, from 0, and why."""

    index: int
    code: str
    message: str


class Inbound(msgspec.Struct, frozen=True):
    """One command a call, in the order of the calls.

    A call that cannot be taken is a `Reject` among the commands, to be kept as a fact, and is
    named in `rejected` for the answer.
    """

    commands: list[AnyCommand]
    rejected: list[Rejected]
