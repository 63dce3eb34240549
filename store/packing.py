"""Positional MessagePack: records become arrays, ids texts, bytes stay bytes."""

from typing import Any

import msgpack
import msgspec

_encoder = msgspec.msgpack.Encoder()


def packed(value: object) -> bytes:
    """Pack records, lists, dicts, texts, numbers and bytes."""
    return _encoder.encode(value)


def unpacked(data: bytes) -> Any:
    """Undo `packed`, as far as lists and dicts go; `msgspec.convert` makes the records."""
    return msgpack.unpackb(data, strict_map_key=False)
