"""A person's activities in the order they happened, whatever UID they came under."""

from typing import Any

import msgspec

from domain.events import ActivityTracked
from domain.instants import Instant, rfc3339
from domain.person import Person

Place = tuple[Instant, str]
"""Where an activity stands in a timeline: when it happened, then its message id."""


def timeline(
    person: Person, limit: int, before: Place | None
) -> tuple[list[dict[str, Any]], Place | None]:
    """Give one page, newest first, and the place to continue from (None: that was all).

    Each entry: `name`, `properties`, `context`, `occurred_at`, `recorded_at`, `message_id`,
    `uid` (null: under the CID alone), `source`, `position`.
    """
    found = [
        (_place(event), position, event)
        for position, _, event in person.content()
        if isinstance(event, ActivityTracked) and (before is None or _place(event) < before)
    ]
    found.sort(key=lambda entry: entry[:2], reverse=True)
    page = found[:limit]
    rest = page[-1][0] if len(found) > limit else None
    return [_entry(position, event) for _, position, event in page], rest


def _place(event: ActivityTracked) -> Place:
    return event.moment.occurred_at, event.moment.message_id


def _entry(position: int, event: ActivityTracked) -> dict[str, Any]:
    return {
        "name": event.name,
        "occurred_at": rfc3339(event.moment.occurred_at),
        "recorded_at": rfc3339(event.moment.recorded_at),
        "message_id": event.moment.message_id,
        "uid": event.content.uid,
        "source": event.moment.source,
        "properties": msgspec.json.decode(event.properties),
        "context": msgspec.json.decode(event.content.context),
        "position": position,
    }
