"""Segment's dialect, also spoken by RudderStack: a request read as the domain's commands."""

from domain.instants import Instant
from service.wire.envelope import open_call, open_envelope
from service.wire.inbound import Inbound
from service.wire.reading import Reading
from service.wire.rules import WireRules
from service.wire.shared import shared_by


def read_batch(body: bytes, rules: WireRules, source: str, received_at: Instant) -> Inbound:
    """Read a batch of calls that a source sent.

    One command a call, in order; a call that cannot be taken becomes a `Reject` and the others
    go on. Raises `Unreadable` when nothing of the body can be taken.
    """
    envelope = open_envelope(body, rules.limits)
    reading = Reading(rules, source, received_at, shared_by(envelope, rules.limits))
    for item in envelope.batch:
        reading.take(bytes(item))
    return reading.inbound()


def read_one(
    body: bytes, kind: str, rules: WireRules, source: str, received_at: Instant
) -> Inbound:
    """Read a single call of a type that its address names; see `read_batch`."""
    reading = Reading(rules, source, received_at)
    reading.take(open_call(body), kind)
    return reading.inbound()
