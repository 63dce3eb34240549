"""By which rules the calls of a request are read."""

import msgspec

from domain.identifiers import POISON
from service.limits import Limits

LINKS = {"device": "context.device.id"}
"""Link keys unless configured otherwise: kind -> where in a call its value stands."""


class WireRules(msgspec.Struct, frozen=True):
    """Limits, link keys (kind -> dotted path into the call) and ids that name nobody."""

    limits: Limits = Limits()
    links: dict[str, str] = msgspec.field(default_factory=LINKS.copy)
    poison: frozenset[str] = POISON
