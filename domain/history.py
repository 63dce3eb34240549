"""Every event of a person, told so that people and programs can read it."""

from collections.abc import Iterable
from typing import Any

import msgspec

from domain.attributes import shown
from domain.draft import Recorded
from domain.events import Content, Contribution, Moment
from domain.instants import rfc3339
from domain.origin import Origin
from domain.person import Positioned
from domain.profile import Profile

_RAW = frozenset({"context", "properties"})
_TIMES = frozenset({"received_at", "original_at", "sent_at", "first_seen", "last_seen"})


class Stretch(msgspec.Struct, frozen=True):
    """A page of a history: at most `limit` events behind the position `after`.

    Behind means before it when the newest come first.
    """

    limit: int
    after: int | None = None
    newest_first: bool = False

    def of(self, positions: list[int]) -> list[int]:
        """Pick the page and one more, if there is one, from positions in order."""
        ordered = positions[::-1] if self.newest_first else positions
        return [at for at in ordered if self._is_behind(at)][: self.limit + 1]

    def _is_behind(self, position: int) -> bool:
        if self.after is None:
            return True
        return position < self.after if self.newest_first else position > self.after


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


def told(profile: Profile, events: Iterable[Positioned]) -> list[dict[str, Any]]:
    """Tell events of a profile and its origins, each with the name of its stream."""
    streams = {profile.id: str(profile).partition("@")[0]} | {
        visitor_id: f"visitor:{uid}" for uid, visitor_id in profile.visitors.items()
    }
    return [
        {"stream": streams[recorded.profile_id], **entry(position, recorded)}
        for position, recorded in events
    ]


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
