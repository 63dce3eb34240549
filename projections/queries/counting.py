"""How many a filter holds for: listed where they start from few, else counted by the database."""

from typing import Any

from sqlalchemy import CompoundSelect, Select, func, intersect, select, union

from projections.queries import plan
from projections.queries.conditions import Conditions
from projections.queries.filters import Filter, Group
from projections.queries.plan import starting_from
from projections.queries.snapshot import Snapshot, profiles_in

Place = tuple[str | int, str]
"""A profile's place in an order: the value sorted by, then its id."""


def everyone(snapshot: Snapshot, tree: Filter, written: Conditions, key: str) -> list[Place] | None:
    """List all profiles that several conditions hold for together; None where they may be many.

    One look at each of the fewest gives both their number and any page of them.
    """
    if not isinstance(tree, Group) or tree.is_any:
        return None
    start = starting_from(written, tree, plan.COUNTED)
    if start is None:
        return None
    rows, few = profiles_in(snapshot).rows, start.members.subquery()
    holds = written.among(few).holds(start.left)
    all_of_them = select(few.c.profile_id).where(holds)
    found = select(rows.c[key], rows.c.profile_id).where(rows.c.profile_id.in_(all_of_them))
    return [(value, profile_id) for value, profile_id in snapshot.connection.execute(found)]


def count(snapshot: Snapshot, tree: Filter, written: Conditions) -> int:
    """Count all profiles that a filter holds for."""
    rows = profiles_in(snapshot).rows
    members = _members(written, tree)
    if members is not None:
        different = func.count(members.subquery().c.profile_id.distinct())
        counted = select(different)
    else:
        start = starting_from(written, tree)
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
