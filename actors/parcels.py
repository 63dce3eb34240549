"""What travels between a gateway and a host: batches as positional MessagePack bytes.

Encoded once: the same bytes are sent again until they are answered.

Two batches of a lane may be under way. The later one says which batch must have been taken before
it; a host that knows nothing of that one leaves it, so that no call overtakes another.
"""

import msgspec

from domain.commands import AnyCommand

APPLIED = 0
DUPLICATE = 1
UNAVAILABLE = 2
"""Not stored, and worth another try: the store is down, or somebody else kept winning."""

FAILED = 3
"""Not stored: neither could it be decided, nor kept as rejected. The host's log says why."""

REJECTED = 4
"""Not applied, for deciding it failed each time; kept in its source's journal."""

MOVED = 5
"""Not taken: its host is gone for good, and its slot has another. No host ever answers it."""

Result = int | str
"""One of the numbers above, or the CID to which the call must be sent instead."""


class Parcel(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One command on its way; `hint` is the CID that its UID is believed to belong to."""

    command: AnyCommand
    hint: str | None = None


class Turn(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Which batch of which lane it is, and which one must have been taken before it, if any."""

    lane: int
    number: int
    after: int | None = None


class Batch(msgspec.Struct, frozen=True, array_like=True):
    """What goes to a host at once; without a turn it may come at any time."""

    parcels: list[Parcel]
    turn: Turn | None = None


class Reply(msgspec.Struct, frozen=True, array_like=True):
    """One result per parcel, in order, and the position of the log behind them.

    A batch that came before its turn `is_taken` not; nothing was done then.
    """

    position: int
    results: list[Result]
    is_taken: bool = True


class Question(msgspec.Struct, frozen=True, array_like=True):
    """A read of one profile: `kind` is `customer` or `visitor`."""

    kind: str
    id: str


_encoder = msgspec.msgpack.Encoder()
_batch = msgspec.msgpack.Decoder(Batch)
_reply = msgspec.msgpack.Decoder(Reply)


def pack_parcels(parcels: list[Parcel], turn: Turn | None = None) -> bytes:
    """Encode a batch."""
    return _encoder.encode(Batch(parcels, turn))


def unpack_batch(batch: bytes) -> Batch:
    """Decode a batch."""
    return _batch.decode(batch)


def pack_reply(reply: Reply) -> bytes:
    """Encode a reply."""
    return _encoder.encode(reply)


def unpack_reply(answer: bytes) -> Reply:
    """Decode a reply."""
    return _reply.decode(answer)
