"""Attribute values as registers that converge whatever the order of arrival (rule F1)."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

import msgspec

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


# Looking a member up on its class costs as much as all else that a write takes.
_LATEST, _EARLIEST, _UNION = Policy.LATEST, Policy.EARLIEST, Policy.UNION


class Register(msgspec.Struct, frozen=True, order=True, array_like=True, gc=False):
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
Attributes = Mapping[str, Value]
"""By name; never changed in place, for states share them."""


FIRST_TOUCH = ("initial_", "first_", "$initial_")
"""Attributes of such names show their earliest write."""

SYSTEM: Final[Mapping[str, Policy]] = {
    "groups": Policy.UNION,
    "$sources": Policy.UNION,
    "$browser": Policy.LATEST,
    "$os": Policy.LATEST,
    "$device": Policy.LATEST,
    "$language": Policy.LATEST,
    "$time_zone": Policy.LATEST,
    "$referrer": Policy.LATEST,
    "$initial_referrer": Policy.EARLIEST,
    "$utm_source": Policy.LATEST,
    "$initial_utm_source": Policy.EARLIEST,
    "$utm_medium": Policy.LATEST,
    "$initial_utm_medium": Policy.EARLIEST,
    "$utm_campaign": Policy.LATEST,
    "$initial_utm_campaign": Policy.EARLIEST,
    "$utm_term": Policy.LATEST,
    "$initial_utm_term": Policy.EARLIEST,
    "$utm_content": Policy.LATEST,
    "$initial_utm_content": Policy.EARLIEST,
}
"""The attributes that activities themselves set, by policy (decision 0013)."""

NAMED: Final[Mapping[str, Policy]] = {
    **SYSTEM,
    "first_name": Policy.LATEST,  # people correct it: no first touch (decision 0006)
}


class Policies(msgspec.Struct, frozen=True):
    """The policy of each attribute: named ones first, then first touch by prefix, else latest."""

    named: dict[str, Policy] = msgspec.field(default_factory=lambda: dict(NAMED))

    def of(self, name: str) -> Policy:
        """Tell the policy of one attribute."""
        policy = self.named.get(name)
        if policy is not None:
            return policy
        return Policy.EARLIEST if name.startswith(FIRST_TOUCH) else Policy.LATEST


def written(policy: Policy, occurred_at: Instant, message_id: str, value: RawJson) -> Value | None:
    """Turn one write into a value to join with what is there.

    A `null` removes under *latest*; under every other policy it is no value and gives None.
    """
    if policy is not _LATEST and value == NULL:
        return None
    if policy is _UNION:
        return _members(msgspec.json.decode(value))
    return Register(occurred_at, message_id, value)


def rewritten(
    policy: Policy, have: Value | None, occurred_at: Instant, message_id: str, value: RawJson
) -> Value | None:
    """Give what one more write makes of an attribute; `have` itself when it changes nothing.

    The same as joining with what is `written`, less what it takes to make a value that loses.
    """
    if type(have) is Register and have.occurred_at != occurred_at:
        is_later = have.occurred_at < occurred_at
        if policy is _LATEST:
            return Register(occurred_at, message_id, value) if is_later else have
        if policy is _EARLIEST and is_later:
            return have
    if type(have) is frozenset and value in have and value[:1] != b"[":
        return have
    new = written(policy, occurred_at, message_id, value)
    if have is None or new is None:
        return have if new is None else new
    return joined(policy, have, new)


def write(
    attributes: Attributes,
    policies: Policies,
    occurred_at: Instant,
    message_id: str,
    writes: Mapping[str, RawJson],
) -> Attributes:
    """Write one call's values, each under its attribute's policy."""
    changed, named = dict(attributes), policies.named
    for name, raw in writes.items():
        have = changed.get(name)
        policy = named.get(name) or policies.of(name)
        if policy is _LATEST and type(have) is Register and have.occurred_at < occurred_at:
            # What `rewritten` would give too: nearly every write is this one.
            changed[name] = Register(occurred_at, message_id, raw)
            continue
        value = rewritten(policy, have, occurred_at, message_id, raw)
        if value is not None and value is not have:
            changed[name] = value
    return changed


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
    merged = dict(left)
    for name, value in right.items():
        have = merged.get(name)
        merged[name] = value if have is None else joined(policies.of(name), have, value)
    return merged


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
