"""What travels between a gateway and a host: batches as positional MessagePack bytes.

Encoded once: the same bytes are sent again until they are answered.
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


class Reply(msgspec.Struct, frozen=True, array_like=True):
    """One result per parcel, in order, and the position of the log behind them."""

    position: int
    results: list[Result]


class Question(msgspec.Struct, frozen=True, array_like=True):
    """A read of one profile: `kind` is `customer` or `visitor`."""

    kind: str
    id: str


_encoder = msgspec.msgpack.Encoder()
_parcels = msgspec.msgpack.Decoder(list[Parcel])
_reply = msgspec.msgpack.Decoder(Reply)


def pack_parcels(parcels: list[Parcel]) -> bytes:
    """Encode a batch."""
    return _encoder.encode(parcels)


def unpack_parcels(batch: bytes) -> list[Parcel]:
    """Decode a batch."""
    return _parcels.decode(batch)


def pack_reply(reply: Reply) -> bytes:
    """Encode a reply."""
    return _encoder.encode(reply)


def unpack_reply(answer: bytes) -> Reply:
    """Decode a reply."""
    return _reply.decode(answer)
