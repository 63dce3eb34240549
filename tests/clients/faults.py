"""What can go wrong on the way between a client and the server."""

from enum import Enum
from typing import Final

import msgspec

AFTER: Final = 1
"""Seconds of our `Retry-After`."""


class Answer(Enum):
    """What goes back to the client."""

    OWN = "the server's own"
    CUT = "none: the connection ends"


class Fault(msgspec.Struct, frozen=True):
    """What befalls one request with calls.

    `share` of its body reaches the server, which commits it when that is all; with nothing of it
    the server never hears of the calls. `answer` is the status that the client gets in place of
    the server's own.
    """

    answer: int | Answer = Answer.OWN
    share: float = 1.0
    retry_after: int | None = None


FAIR: Final = Fault()
UNAVAILABLE: Final = Fault(503, share=0.0)
HELD_OFF: Final = Fault(429, retry_after=AFTER)
"""The calls are durable, and then the client is told to come again later."""

CUT: Final = Fault(Answer.CUT)
"""The connection ends after the commit, before the answer."""

STORM: Final = (UNAVAILABLE, HELD_OFF, CUT)
"""As many as every client lives through: the least patient one tries three times more."""

MANGLED: Final = Fault(share=0.5)
"""Half of the body is lost on the way, so that the server cannot read it."""
