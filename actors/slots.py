"""Where a profile lives: 1,024 fixed slots, spread evenly over the hosts (design D1).

A slot never moves by hashing differently: only the assignment of slots to hosts changes.
"""

from zlib import crc32

import msgspec

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


class Assignment(msgspec.Struct, frozen=True):
    """Which host has which slots: contiguous runs of equal length."""

    hosts: int

    def host_of(self, key: str) -> int:
        """Give the number of the host that a routing key belongs to."""
        return slot_of(key) * self.hosts // SLOTS


def host_name(number: int) -> str:
    """Name a host, its lease and its counters."""
    return f"host-{number}"
