"""How much one request may carry, and what a single call may weigh."""

from typing import Annotated

import msgspec

Positive = Annotated[int, msgspec.Meta(ge=1)]

KIB = 1_024
MIB = 1_024 * KIB


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Beyond `body` and `calls` the request is refused; beyond the others, the one call.

    `body` and `call` count bytes, the body also after gunzip. `calls` counts the calls of a
    batch, `levels` the nesting of properties, traits and context, `name` and `message_id`
    characters.
    """

    body: Positive = 4 * MIB
    calls: Positive = 2_500
    call: Positive = 32 * KIB
    levels: Annotated[int, msgspec.Meta(ge=1, le=64)] = 16
    name: Positive = 255
    message_id: Positive = 100
