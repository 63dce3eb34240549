"""What a filter means, said without a database: everybody is looked at, one after the other."""

from collections import Counter
from collections.abc import Callable
from operator import contains, eq, ge, gt, le, lt
from typing import Any

from domain.attributes import shown
from domain.events import ActivityTracked, Folded
from domain.identifiers import ProfileId
from domain.instants import Instant, day_of
from domain.profile import Profile
from projections.queries.filters import Attribute, Column, Did, Filter
from tests.controls.world import World

Days = Counter[tuple[ProfileId, str, int, str]]
"""How often, by profile, name, day and source."""

COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": eq,
    "<": lt,
    "<=": le,
    ">": gt,
    ">=": ge,
    "contains": contains,
    "starts_with": lambda value, told: value.startswith(told),
}


def days_of(world: World) -> Days:
    """Count what each profile did on each day, and all that was folded into it."""
    owners = {r.profile_id: r.event.customer_id for r in world.log if isinstance(r.event, Folded)}
    found: Days = Counter()
    for recorded in world.log:
        event = recorded.event
        if isinstance(event, ActivityTracked):
            owner, moment = owners.get(recorded.profile_id, recorded.profile_id), event.moment
            found[owner, event.name, day_of(moment.occurred_at), moment.source] += 1
    return found


def everybody_for_whom(world: World, tree: Filter, now: Instant) -> set[str]:
    """Give the names of those that a filter holds for."""
    days = days_of(world)
    shown_now = [one for one in world.profiles.values() if one.folded_into is None]
    return {str(one.cid or one.uid) for one in shown_now if holds(tree, one, days, now)}


def holds(tree: Filter, profile: Profile, days: Days, now: Instant) -> bool:
    """Tell whether a filter holds for one profile."""
    match tree:
        case Attribute():
            return _compares(tree, _values(profile, tree.name))
        case Column():
            value = {"cid": profile.cid, "uid": None if profile.cid else profile.uid}[tree.name]
            return _compares(tree, [] if value is None else [value])
        case Did():
            least = -1_000_000 if tree.last_days is None else day_of(now) - tree.last_days
            counts = (
                count
                for (who, name, day, _), count in days.items()
                if (who, name) == (profile.id, tree.activity) and day > least
            )
            return sum(counts) >= tree.at_least
        case _:
            choose = any if tree.is_any else all
            return choose(holds(item, profile, days, now) for item in tree.items)


def _compares(leaf: Attribute | Column, values: list[Any]) -> bool:
    if leaf.op == "exists":
        return bool(values) is leaf.value
    if leaf.op == "!=":
        return not any(_fits("=", value, leaf.value) for value in values)
    op, choices = ("=", leaf.value) if isinstance(leaf.value, tuple) else (leaf.op, (leaf.value,))
    return any(_fits(op, value, told) for value in values for told in choices)


def _fits(op: str, value: object, told: object) -> bool:
    """Compare by the type in JSON."""
    return _kind(value) is _kind(told) and COMPARE[op](value, told)


def _kind(value: object) -> type:
    return next((kind for kind in (bool, str, dict) if isinstance(value, kind)), float)


def _values(profile: Profile, name: str) -> list[Any]:
    value = profile.total.attributes.get(name)
    told = None if value is None else shown(value)
    if told is None:
        return []
    return (told or [{}]) if isinstance(told, list) else [told]
