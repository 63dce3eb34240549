"""Read calls as they arrive, and look at what they became."""

from typing import Any, TypeVar

import msgspec

from domain.commands import Alias, Identify, Reject, Track
from domain.instants import Instant, parse_instant
from service.wire.inbound import Inbound
from service.wire.rules import WireRules
from service.wire.segment import read_batch

RECEIVED: Instant = parse_instant("2026-11-23T10:00:00Z")
RULES = WireRules()

Json = dict[str, Any]
AnyJson = Any

T = TypeVar("T", Track, Identify, Alias)


def encoded(value: object) -> bytes:
    """Write a value as JSON."""
    return msgspec.json.encode(value)


def envelope(*calls: bytes, **shared: object) -> bytes:
    """Put calls that are JSON already into a batch."""
    members = [b'"batch":[%b]' % b",".join(calls)]
    members += [b"%b:%b" % (encoded(name), encoded(value)) for name, value in shared.items()]
    return b"{%b}" % b",".join(members)


def read(*calls: Json, rules: WireRules = RULES, **shared: object) -> Inbound:
    """Read a batch of calls."""
    return read_raw(*map(encoded, calls), rules=rules, **shared)


def read_raw(*calls: bytes, rules: WireRules = RULES, **shared: object) -> Inbound:
    """Read a batch of calls that are JSON already."""
    return read_batch(envelope(*calls, **shared), rules, "web", RECEIVED)


def call(kind: str, **fields: object) -> Json:
    """Make a call that names a visitor and itself."""
    return {"type": kind, "messageId": "m1", "anonymousId": "u1", **fields}


def the_track(inbound: Inbound) -> Track:
    """Give the one command, which is an activity."""
    return _only(inbound, Track)


def the_identify(inbound: Inbound) -> Identify:
    """Give the one command, which sets attributes."""
    return _only(inbound, Identify)


def the_alias(inbound: Inbound) -> Alias:
    """Give the one command, which is an alias."""
    return _only(inbound, Alias)


def the_rejection(inbound: Inbound) -> tuple[str, str]:
    """Give code and message of the one call, which was rejected, and recorded as such."""
    (command,) = inbound.commands
    (rejected,) = inbound.rejected
    assert isinstance(command, Reject)
    assert (command.code, command.message) == (rejected.code, rejected.message)
    return rejected.code, rejected.message


def code_of(inbound: Inbound) -> str:
    """Give the code of the one call, which was rejected."""
    return the_rejection(inbound)[0]


def decoded(raw: bytes) -> AnyJson:
    """Read raw JSON."""
    return msgspec.json.decode(raw)


def _only(inbound: Inbound, kind: type[T]) -> T:
    (command,) = inbound.commands
    assert isinstance(command, kind), command
    assert inbound.rejected == []
    return command
