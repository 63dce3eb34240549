"""When a profile's state is worth keeping beside its stream.

Thresholds grow by a quarter: a stream of n events costs O(n) of snapshots in all, and what is
replayed behind the last one is at most a quarter of the stream.
"""

import hashlib
from bisect import bisect_right
from itertools import accumulate, repeat

import msgspec

from domain.attributes import Policies

TOPIC = "snapshot.1"
SHAPE = b"2"
"""What a state holds; 1 had link keys in the sum of the origins. Others are replayed."""

FIRST = 250

THRESHOLDS = list(accumulate(repeat(FIRST, 80), lambda at, _: at + max(FIRST, at // 4)))


def due(before: int, after: int) -> bool:
    """Tell whether a stream that grew from one version to another passed a threshold."""
    return after >= FIRST and bisect_right(THRESHOLDS, before) != bisect_right(THRESHOLDS, after)


def fingerprint(policies: Policies) -> bytes:
    """Identify the shape and the policies of a state; a snapshot of others is no use."""
    return hashlib.sha256(SHAPE + msgspec.json.encode(policies, order="sorted")).digest()[:8]
