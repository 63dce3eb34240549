"""System attributes: what an activity's context tells of its circumstances (decision 0013).

Only what is known is written, so a call that says nothing of them removes nothing.
"""

import re
from functools import lru_cache
from typing import Final

import msgspec

from domain.attributes import RawJson
from service.wire.clients import agent_of, versioned
from service.wire.objects import Object

LONGEST = 512
"""Characters of a value that are kept; the context holds the whole."""

SEEN = 4_000
"""Clients whose attributes are kept in memory, ready to be sent on."""

CAMPAIGN: Final = {
    "source": "utm_source",
    "medium": "utm_medium",
    "name": "utm_campaign",
    "term": "utm_term",
    "content": "utm_content",
}
"""Member of `context.campaign` -> what the attribute is called."""

DIRECT: Final = frozenset({"", "$direct"})
"""What SDKs write when nobody referred."""

SITE: Final = re.compile(r"[a-z][a-z0-9+.-]*://([^/?#]*)", re.IGNORECASE)

Written = dict[str, RawJson]
Text = str | None

_encode = msgspec.json.Encoder().encode
_NOTHING: Final[Object] = {}


def surroundings(context: Object, source: str, referrer: object = None) -> Written:
    """Read the system attributes of an activity; they are shared, so copy before you write.

    `referrer` is what the call itself says where its context says nothing.
    """
    said = context.get
    system, device = _part(said("os")), _part(said("device"))
    found = _of_client(
        source,
        _text(said("userAgent")),
        _text(system.get("name")),
        _text(system.get("version")),
        _text(device.get("model")),
        _text(device.get("type")),
        _text(said("locale")),
        _text(said("timezone")),
    )
    page, campaign = _part(said("page")), _part(said("campaign"))
    came = _referrers(page, page.get("referrer") or referrer)
    if came or campaign:
        return {**found, **came, **_touches(campaign)}
    return found


@lru_cache(SEEN)
def _of_client(  # noqa: PLR0913, PLR0917 - each is a part of the key under which the answer is kept
    source: str,
    agent: Text,
    system: Text,
    version: Text,
    model: Text,
    kind: Text,
    language: Text,
    zone: Text,
) -> Written:
    """Write what hardly changes between two calls of a client."""
    browser, named_system, device = agent_of(agent)
    values = {
        "$sources": source,
        "$browser": browser,
        "$os": versioned(system, version) if system else named_system,
        "$device": model or device or kind,
        "$language": language,
        "$time_zone": zone,
    }
    return {name: _encode(value) for name, value in values.items() if value is not None}


def _referrers(page: Object, referrer: object) -> Written:
    """Write where the person came from: another site, not a page of this one."""
    first = page.get("initial_referrer")
    if not referrer and not first:
        return {}
    own = _site(page.get("url"))
    last = _came_from(referrer, own)
    first = _came_from(first, own) or last
    written = {}
    if last is not None:
        written["$referrer"] = _encode(last)
    if first is not None:
        written["$initial_referrer"] = _encode(first)
    return written


def _came_from(referrer: object, own: Text) -> Text:
    if type(referrer) is not str or referrer in DIRECT:
        return None
    return None if own is not None and _site(referrer) == own else referrer[:LONGEST]


def _site(url: object) -> Text:
    found = SITE.match(url) if type(url) is str else None
    return None if found is None else found[1].lower()


def _touches(campaign: Object) -> Written:
    """Write a campaign twice: as the last one, and as the first one there was."""
    written = {}
    for member, name in CAMPAIGN.items():
        value = _text(campaign.get(member))
        if value is not None:
            written[f"${name}"] = written[f"$initial_{name}"] = _encode(value)
    return written


def _part(value: object) -> Object:
    return value if type(value) is dict else _NOTHING


def _text(value: object) -> Text:
    """Give a text that says something, cut to its length."""
    return value[:LONGEST] if type(value) is str and value else None
