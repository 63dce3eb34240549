"""Attribute values as registers that converge whatever the order of arrival (rule F1)."""

from enum import StrEnum
from typing import Any

import msgspec
from immutables import Map

from domain.instants import Instant

RawJson = bytes
"""A JSON value as the client wrote it; decoded only when somebody looks at it."""

NULL: RawJson = b"null"
UNION_SIZE = 1_000
"""A union keeps its smallest members beyond this size, so that it stays order-free."""


class Policy(StrEnum):
    """Which of several writes to one attribute is shown."""

    LATEST = "latest"
    EARLIEST = "earliest"
    MIN = "min"
    MAX = "max"
    UNION = "union"


class Register(msgspec.Struct, frozen=True, order=True, array_like=True):
    """One write that won: its time, the call that made it, and the value as JSON.

    Ordered by time, then message id; the value settles ties, so that any two registers
    have one winner.
    """

    occurred_at: Instant
    message_id: str
    value: RawJson


Members = frozenset[RawJson]
"""What a union holds: each member as canonical JSON."""

Value = Register | Members
Attributes = Map[str, Value]


class Policies(msgspec.Struct, frozen=True):
    """The policy of each attribute: named ones first, then first touch by prefix, else latest."""

    named: dict[str, Policy] = msgspec.field(
        # A first name is a name that people correct, not a first touch (decision 0006).
        default_factory=lambda: {"groups": Policy.UNION, "first_name": Policy.LATEST}
    )

    def of(self, name: str) -> Policy:
        """Tell the policy of one attribute."""
        policy = self.named.get(name)
        if policy is not None:
            return policy
        return Policy.EARLIEST if name.startswith(("initial_", "first_")) else Policy.LATEST


def written(policy: Policy, occurred_at: Instant, message_id: str, value: RawJson) -> Value | None:
    """Turn one write into a value to join with what is there.

    A `null` removes under *latest*; under every other policy it is no value and gives None.
    """
    if policy is Policy.LATEST:
        return Register(occurred_at, message_id, value)
    decoded = msgspec.json.decode(value)
    if decoded is None:
        return None
    if policy is Policy.UNION:
        return _members(decoded)
    return Register(occurred_at, message_id, value)


def joined(policy: Policy, left: Value, right: Value) -> Value:
    """Join two values of one attribute: associative, commutative and idempotent."""
    if isinstance(left, Register) and isinstance(right, Register):
        return _winner(policy, left, right)
    return _smallest(_as_members(left) | _as_members(right))


def shown(value: Value) -> Any:
    """Decode what a reader sees; None when the attribute was removed."""
    if isinstance(value, Register):
        return msgspec.json.decode(value.value)
    return [msgspec.json.decode(member) for member in sorted(value)]


def join_attributes(policies: Policies, left: Attributes, right: Attributes) -> Attributes:
    """Join two sets of attributes, name by name."""
    if not left:
        return right
    merged = left.mutate()
    for name, value in right.items():
        have = merged.get(name)
        merged[name] = value if have is None else joined(policies.of(name), have, value)
    return merged.finish()


def _winner(policy: Policy, left: Register, right: Register) -> Register:
    match policy:
        case Policy.EARLIEST:
            return min(left, right)
        case Policy.MIN:
            return min(left, right, key=lambda r: (_rank(r.value), r))
        case Policy.MAX:
            high, low = sorted((left, right), key=lambda r: _rank(r.value), reverse=True)
            return min(high, low) if _rank(high.value) == _rank(low.value) else high
        case _:
            return max(left, right)


def _rank(value: RawJson) -> tuple[int, float, str]:
    """Order JSON values of any type: numbers, then texts, then the rest by canonical form."""
    decoded = msgspec.json.decode(value)
    if isinstance(decoded, int | float):
        return (0, decoded, "")
    if isinstance(decoded, str):
        return (1, 0.0, decoded)
    return (2, 0.0, _canonical(decoded).decode())


def _members(decoded: object) -> Members:
    return _smallest(
        frozenset(map(_canonical, decoded if isinstance(decoded, list) else [decoded]))
    )


def _as_members(value: Value) -> Members:
    """Read a register kept under an earlier policy as the members it stands for."""
    if isinstance(value, Register):
        decoded = msgspec.json.decode(value.value)
        return frozenset() if decoded is None else _members(decoded)
    return value


def _smallest(members: Members) -> Members:
    return members if len(members) <= UNION_SIZE else frozenset(sorted(members)[:UNION_SIZE])


def _canonical(decoded: object) -> RawJson:
    return msgspec.json.encode(decoded, order="sorted")
