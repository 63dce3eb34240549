"""Positional MessagePack: records become arrays, ids texts, bytes stay bytes."""

from typing import Any

import msgpack
import msgspec

_BYTES = (bytes,)
_packer = msgpack.Packer()


def packed(value: object) -> bytes:
    """Pack records, lists, dicts, texts, numbers and bytes."""
    data: bytes = _packer.pack(msgspec.to_builtins(value, builtin_types=_BYTES))
    return data


def unpacked(data: bytes) -> Any:
    """Undo `packed`, as far as lists and dicts go; `msgspec.convert` makes the records."""
    return msgpack.unpackb(data, strict_map_key=False)
