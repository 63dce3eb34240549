"""Positional MessagePack: records become arrays, ids texts, bytes stay bytes."""

from collections.abc import Callable
from typing import Any

import msgpack
import msgspec

packed: Callable[[object], bytes] = msgspec.msgpack.Encoder().encode
"""Pack records, lists, dicts, texts, numbers and bytes."""


def unpacked(data: bytes) -> Any:
    """Undo `packed`, as far as lists and dicts go; `msgspec.convert` makes the records."""
    return msgpack.unpackb(data, strict_map_key=False)
