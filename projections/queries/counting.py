"""How many a filter holds for: listed where they start from few, else counted by the database."""

from typing import Any

from sqlalchemy import CompoundSelect, Select, func, intersect, select, union

from projections.queries.conditions import Conditions
from projections.queries.filters import Filter, Group
from projections.queries.plan import Start
from projections.queries.snapshot import Snapshot, profiles_in

Place = tuple[str | int, str]
"""A profile's place in an order: the value sorted by, then its id."""


def is_listed(tree: Filter) -> bool:
    """Tell whether listing may be how to count: of several conditions one may hold for few."""
    return isinstance(tree, Group) and not tree.is_any


def everyone(snapshot: Snapshot, written: Conditions, key: str, start: Start) -> list[Place]:
    """List all profiles that a filter holds for; `start` says where it was found to start.

    One look at each of the few there gives both their number and any page of them.
    """
    rows, few = profiles_in(snapshot).rows, start.members.subquery()
    holds = written.among(few).holds(start.left)
    all_of_them = select(few.c.profile_id).where(holds)
    found = select(rows.c[key], rows.c.profile_id).where(rows.c.profile_id.in_(all_of_them))
    return [(value, profile_id) for value, profile_id in snapshot.connection.execute(found)]


def count(snapshot: Snapshot, tree: Filter, written: Conditions, start: Start | None) -> int:
    """Count all profiles that a filter holds for; `start` is where to start, if from few."""
    rows = profiles_in(snapshot).rows
    members = _members(written, tree)
    if members is not None:
        different = func.count(members.subquery().c.profile_id.distinct())
        counted = select(different)
    else:
        counted = select(func.count()).select_from(rows).where(written.holds(tree))
        if start is not None:
            counted = counted.where(rows.c.profile_id.in_(start.members))
    return int(snapshot.connection.execute(counted).scalar_one())


def _members(written: Conditions, tree: Filter) -> Select[Any] | CompoundSelect[Any] | None:
    """List whom a filter holds for, where each of its conditions can: sets cost less to count.

    None where a condition cannot, as `!=`, or where it is a tree of more than one level.
    """
    if not isinstance(tree, Group):
        return written.members(tree)
    found = [None if isinstance(item, Group) else written.members(item) for item in tree.items]
    every = [each for each in found if each is not None]
    if not every or len(every) < len(found):
        return None
    return (union if tree.is_any else intersect)(*every)
