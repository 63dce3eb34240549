"""Whether to start from the few a condition holds for, or to walk everybody in order."""

from collections.abc import Iterator
from itertools import count
from typing import Any

from sqlalchemy import CompoundSelect, Select, func, literal_column, select, union

from projections.queries.conditions import Conditions
from projections.queries.filters import Filter, Group

FEW = 5_000
"""Up to so many are fetched and sorted; of more, a walk in order soon finds a page."""

VERY_FEW = 200
"""So few that looking for fewer would take longer."""

Members = Select[tuple[str]] | CompoundSelect[tuple[str]]
Start = tuple[int, Members]
"""How many there are to start from, and who."""


TRIES = 24
"""Conditions that are tried; whoever asks for more is not helped by trying on."""


def starting_from(conditions: Conditions, tree: Filter) -> Start | None:
    """Find whom to start from: few, and all that the filter can hold for are among them.

    None when there are many: databases without statistics would guess, so it is tried.
    """
    return _start(conditions, tree, count(1))


def _start(conditions: Conditions, tree: Filter, tries: Iterator[int]) -> Start | None:
    if isinstance(tree, Group):
        choose = _all_of if tree.is_any else _best_of
        return choose(conditions, tree, tries)
    members, candidates = conditions.members(tree), conditions.candidates(tree)
    if members is None or candidates is None or next(tries) > TRIES:
        return None
    found = _counted(conditions, candidates)
    return None if found > FEW else (found, members)


def _best_of(conditions: Conditions, tree: Group, tries: Iterator[int]) -> Start | None:
    best: Start | None = None
    for item in tree.items:
        found = _start(conditions, item, tries)
        if found is not None and (best is None or found[0] < best[0]):
            best = found
        if best is not None and best[0] <= VERY_FEW:
            break
    return best


def _all_of(conditions: Conditions, tree: Group, tries: Iterator[int]) -> Start | None:
    found: list[Start] = []
    for item in tree.items:
        start = _start(conditions, item, tries)
        if start is None or start[0] + sum(size for size, _ in found) > FEW:
            return None
        found.append(start)
    return sum(size for size, _ in found), union(*(members for _, members in found))


def _counted(conditions: Conditions, candidates: Select[Any]) -> int:
    """Count candidates, no further than it takes to know that they are many."""
    some = candidates.with_only_columns(literal_column("1")).limit(FEW + 1).subquery()
    found = conditions.connection.execute(select(func.count()).select_from(some)).scalar_one()
    return int(found)
