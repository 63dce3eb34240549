"""What a projector tells of each of its views; apart, for who only reads it needs no database."""

import msgspec


class Followed(msgspec.Struct, frozen=True):
    """How one view gets on: `rate` in events a second while it works, `lag` in positions."""

    name: str
    generation: int
    position: int
    lag: int
    rate: float
    trouble: str | None
