"""Every event of a person, told so that people and programs can read it."""

from typing import Any

import msgspec

from domain.attributes import shown
from domain.draft import Recorded
from domain.events import Content, Contribution, Moment
from domain.instants import rfc3339
from domain.origin import Origin

_RAW = frozenset({"context", "properties"})
_TIMES = frozenset({"received_at", "original_at", "sent_at", "first_seen", "last_seen"})


def entry(position: int, recorded: Recorded) -> dict[str, Any]:
    """Tell one event: its place, its clocks, its call, then what it says.

    Keys: `position`, `profile_id`, `version`, `event`, `occurred_at`, `recorded_at`, `source`,
    `message_id`, and the event's own fields with times as RFC 3339 and JSON as JSON.
    """
    event = recorded.event
    told = {
        "position": position,
        "profile_id": str(recorded.profile_id),
        "version": recorded.version,
        "event": type(event).__name__,
        **_moment(event.moment),
    }
    for field in event.__struct_fields__:
        value = getattr(event, field)
        if isinstance(value, Content):
            told |= _fields(value)
        elif not isinstance(value, Moment):
            told[field] = _told(field, value)
    return told


def _moment(moment: Moment) -> dict[str, Any]:
    return {
        "occurred_at": rfc3339(moment.occurred_at),
        "recorded_at": rfc3339(moment.recorded_at),
        "source": moment.source,
        "message_id": moment.message_id,
    }


def _fields(record: msgspec.Struct) -> dict[str, Any]:
    return {name: _told(name, getattr(record, name)) for name in record.__struct_fields__}


def _told(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name == "attributes" and isinstance(value, dict):
        return {key: msgspec.json.decode(raw) for key, raw in value.items()}
    if name in _RAW:
        return msgspec.json.decode(value)
    if name in _TIMES:
        return rfc3339(value)
    if name == "sample":
        return value.decode(errors="replace")
    if isinstance(value, Contribution):
        return {**_origin(value.origin), "message_ids": list(value.message_ids)}
    return (
        list(value) if isinstance(value, tuple) else str(value) if name.endswith("_id") else value
    )


def _origin(origin: Origin) -> dict[str, Any]:
    return {
        "attributes": {name: shown(value) for name, value in sorted(origin.attributes.items())},
        "first_seen": _told("first_seen", origin.first_seen),
        "last_seen": _told("last_seen", origin.last_seen),
        "activities": dict(sorted(origin.activities.items())),
        "links": sorted(origin.links),
    }
