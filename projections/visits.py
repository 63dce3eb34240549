"""What one activity says about the session it belongs to (rules Z1 and Z3)."""

from typing import Any, NamedTuple

import msgspec

from domain.attributes import RawJson
from domain.events import ActivityTracked
from domain.instants import EARLIEST, Instant
from projections.columns import storable

UTM = ("source", "medium", "campaign", "term", "content")

DETAILS = ("entry_page", "referrer", *(f"utm_{part}" for part in UTM), "device")
"""What a session takes from the activity it began with, in this order."""

LONGEST = 2_000
"""Characters of a detail that are kept."""

_CAMPAIGN = {"campaign": "name"}


Details = tuple[str | None, ...]
"""Values of `DETAILS`."""


class Entry(NamedTuple):
    """What a session began with; of several, the least has it.

    `key` orders activities with a page before those without, then by time and message id. The
    rest is where `details` come from: the activity, or what was read of it before.
    """

    key: str
    activity: ActivityTracked | None
    known: Details = ()


class Run(NamedTuple):
    """Some activities of one session."""

    started: Instant
    ended: Instant
    activities: int
    entry: Entry


class _Context(msgspec.Struct):
    page: Any = None
    referrer: Any = None
    campaign: Any = None
    device: Any = None
    session: Any = None
    session_id: Any = msgspec.field(default=None, name="sessionId")


_CONTEXTS = msgspec.json.Decoder(_Context)


def visit(event: ActivityTracked) -> tuple[str | None, Run]:
    """Read one activity: the SDK's own session id if it sent one, and a run of one."""
    context = _CONTEXTS.decode(event.content.context)
    at = event.moment.occurred_at
    rank = int(_page(context, event) is None)
    key = f"{rank}{at - EARLIEST:018d}{event.moment.message_id}"
    return _session_id(context), Run(at, at, 1, Entry(storable(key), event))


def details(entry: Entry) -> Details:
    """Read what a session takes from the activity it began with; few activities are asked."""
    event = entry.activity
    if event is None:
        return entry.known
    context = _CONTEXTS.decode(event.content.context)
    return (_page(context, event), *_origin(context, event))


def together(left: Run, right: Run) -> Run:
    """Make one run of two: associative and commutative."""
    return Run(
        min(left.started, right.started),
        max(left.ended, right.ended),
        left.activities + right.activities,
        left.entry if left.entry.key <= right.entry.key else right.entry,
    )


def joined(runs: list[Run], gap: int) -> list[Run]:
    """Join what is no more than a gap apart, in microseconds; the earliest run comes first."""
    whole: list[Run] = []
    for run in sorted(runs, key=_started):
        if whole and run.started - whole[-1].ended <= gap:
            whole[-1] = together(whole[-1], run)
        else:
            whole.append(run)
    return whole


def _session_id(context: _Context) -> str | None:
    told = context.session_id
    if told is None and context.session is None:
        return None
    if told is None and isinstance(context.session, dict):
        told = context.session.get("id")
    if isinstance(told, bool) or not isinstance(told, str | int | float) or told == "":
        return None
    return storable(str(told), 255)


def _page(context: _Context, event: ActivityTracked) -> str | None:
    page = context.page
    if page is None and event.name == "$page":
        page = msgspec.json.decode(event.properties)
    return _text(page, "url") or _text(page, "path")


def _origin(context: _Context, event: ActivityTracked) -> list[str | None]:
    known = event.content.attributes
    referrer = _text(context.page, "referrer") or _text(context.referrer, "url")
    utm = [
        _text(context.campaign, _CAMPAIGN.get(part, part)) or _shown(known.get(f"$utm_{part}"))
        for part in UTM
    ]
    device = _shown(known.get("$device")) or _text(context.device, "type")
    return [referrer or _shown(known.get("$referrer")), *utm, device]


def _shown(value: RawJson | None) -> str | None:
    return None if value is None else _kept(msgspec.json.decode(value))


def _text(thing: object, name: str) -> str | None:
    return _kept(thing.get(name)) if isinstance(thing, dict) else None


def _kept(value: object) -> str | None:
    return storable(value, LONGEST) if isinstance(value, str) and value else None


def _started(run: Run) -> Instant:
    return run.started
