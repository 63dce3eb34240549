"""RudderStack's pixel: one call in the query, its objects spelt out with dots."""

from typing import Any

import msgspec

from domain.instants import Instant
from service.wire.inbound import Inbound
from service.wire.queries import Headers, fields_of, with_asker
from service.wire.reading import Reading
from service.wire.rules import WireRules


def read_pixel(  # noqa: PLR0913, PLR0917 - where it stands, and what every dialect is told
    query: bytes,
    headers: Headers,
    kind: str,
    rules: WireRules,
    source: str,
    received_at: Instant,
) -> Inbound:
    """Read the call that a query is: `properties.path=/` is a property, and so on."""
    call: dict[str, Any] = {}
    for name, value in fields_of(query).items():
        _put(call, name.split(".", rules.limits.levels), value)
    context = call.get("context")
    call["context"] = with_asker(context if isinstance(context, dict) else {}, headers)
    reading = Reading(rules, source, received_at)
    reading.take(msgspec.json.encode(call), kind)
    return reading.inbound()


def _put(into: dict[str, Any], path: list[str], value: str) -> None:
    """Put a value under a path; what is in the way of one gives way."""
    *above, last = path
    for name in above:
        below = into.get(name)
        if not isinstance(below, dict):
            below = into[name] = {}
        into = below
    into[last] = value
