"""The context of a seed event, completed by what its flat fields say."""

from typing import Any, Final

import msgspec

from service.wire.errors import InvalidCall
from service.wire.seed_event import Members, SeedEvent, value_of

PAGE: Final = {"location_url": "url", "referrer_url": "referrer", "page_title": "title"}
CAMPAIGN: Final = {
    "utm_source": "source",
    "utm_medium": "medium",
    "utm_campaign": "name",
    "utm_term": "term",
    "utm_content": "content",
}

EMPTY: Final = (None, "")


def context_of(event: SeedEvent, extra: Members) -> msgspec.Raw:
    """Give the context; it stays as it was written where nothing is to be added."""
    added = {
        "page": _flat(extra, PAGE),
        "campaign": _flat(extra, CAMPAIGN),
        "device": {"id": _device(event)},
        "sessionId": value_of(extra.get("session_id")),
    }
    context = value_of(event.context)
    if context is None:
        context = {}
    if type(context) is not dict:
        found = f"it is of type {type(context).__name__}"
        raise InvalidCall(field="context", expected="an object or null", found=found)
    whole = _completed(context, added)
    return event.context if whole == context else msgspec.Raw(msgspec.json.encode(whole))


def _completed(context: dict[str, Any], added: dict[str, Any]) -> dict[str, Any]:
    """Add what the context has not; an `aid` is the device, whatever the context says."""
    whole = dict(context)
    for name, value in added.items():
        have = whole.get(name)
        if isinstance(value, dict):
            known = {key: part for key, part in value.items() if part not in EMPTY}
            over = known if name == "device" else {}
            if known and (have is None or isinstance(have, dict)):
                whole[name] = {**known, **(have or {}), **over}
        elif value is not None and have is None:
            whole[name] = value
    return whole


def _device(event: SeedEvent) -> object:
    """Give the device's id: `aid`, else what `client_id` has before its last dot."""
    if event.aid in EMPTY and isinstance(event.client_id, str):
        return event.client_id.rpartition(".")[0]
    aid: object = event.aid
    return aid


def _flat(extra: Members, names: dict[str, str]) -> dict[str, Any]:
    return {member: value_of(extra.get(name)) for name, member in names.items()}
