"""Where a profile lives: in one of 1,024 fixed slots (design D1).

A slot never moves by hashing differently: only its host changes, see `actors.placement`.
"""

from zlib import crc32

SLOTS = 1_024


def slot_of(key: str) -> int:
    """Give the slot of a routing key: the same in every process, for ever."""
    return crc32(key.encode()) % SLOTS


def customer_key(cid: str) -> str:
    """Give the routing key of a customer."""
    return f"c:{cid}"


def visitor_key(uid: str) -> str:
    """Give the routing key of a visitor."""
    return f"u:{uid}"


def journal_key(source: str) -> str:
    """Give the routing key of a source's journal."""
    return f"j:{source}"


def host_name(number: int) -> str:
    """Name a host, its lease and its counters."""
    return f"host-{number}"
