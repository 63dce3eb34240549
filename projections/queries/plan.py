"""Whether to start from the few a condition holds for, or to walk everybody in order."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import CompoundSelect, Select, func, literal_column, select, union_all

from projections.queries.conditions import Conditions, Members, is_negative
from projections.queries.filters import EVERYTHING, Attribute, Filter, Group

FEW = 5_000
"""Up to so many are fetched and sorted; of more, a walk in order soon finds a page."""

COUNTED = 20_000
"""Up to so many are looked up one by one to be counted; of more, sets cost less."""

VERY_FEW = 200
"""So few that looking for fewer would take longer."""

TRIES = 24
"""Sets that are tried; whoever asks for more is not helped by trying on."""

TOLD = 1_000
"""Values that are told a second time: a statement has room for so many."""

Parts = tuple[Members, ...]


class Start(NamedTuple):
    """Whom to start from, in parts that may overlap, and how many they are at most.

    `left` is what is still to be asked of each of them, what holds for fewest first.
    """

    size: int
    parts: Parts
    left: Filter

    @property
    def members(self) -> Select[Any] | CompoundSelect[Any]:
        """All of them."""
        return _together(self.parts)


def starting_from(conditions: Conditions, tree: Filter, few: int) -> Start | None:
    """Find whom to start from: few, and all that the filter can hold for are among them.

    None when there are more than `few`: databases without statistics would guess, so it is tried.
    """
    return _Trial(conditions, few).start(tree)


class _Trial:
    def __init__(self, conditions: Conditions, few: int) -> None:
        self._conditions = conditions
        self._few = few
        self._tries = 0

    def start(self, tree: Filter) -> Start | None:
        if isinstance(tree, Group):
            return self._all_of(tree) if tree.is_any else self._best_of(tree)
        members, candidates = self._conditions.members(tree), self._conditions.candidates(tree)
        if members is None or candidates is None:
            return None
        return self._if_few((candidates,), (members,), EVERYTHING)

    def _best_of(self, tree: Group) -> Start | None:
        tried: list[tuple[Start, Filter]] = []
        for start, whole in self._starts(tree):
            tried.append((start, whole))
            if start.size <= VERY_FEW:
                break
        if not tried:
            return None
        tried.sort(key=lambda each: each[0].size)
        best, answered = tried[0]
        rare = [item for _, item in tried if item is not tree]
        others = [item for item in tree.items if not any(item is each for each in rare)]
        left = [item for item in (*rare, *others) if item is not answered]
        return best._replace(left=Group(is_any=False, items=(best.left, *left)))

    def _starts(self, tree: Group) -> Iterator[tuple[Start, Filter]]:
        """Try what a group consists of; gives each start with what it begins to answer."""
        for leaves in _on_one_attribute(tree):
            parts = self._conditions.together(leaves)
            together = self._if_few(parts, parts, EVERYTHING)
            if together is not None:
                yield together, tree
        for item in tree.items:
            found = self.start(item)
            if found is not None:
                yield found, item

    def _all_of(self, tree: Group) -> Start | None:
        size = 0
        parts: Parts = ()
        for item in tree.items:
            found = self.start(item)
            if found is None or size + found.size > self._few:
                return None
            size, parts = size + found.size, parts + found.parts
        return Start(size, parts, tree)

    def _if_few(self, candidates: Parts, members: Parts, left: Filter) -> Start | None:
        """Count candidates, no further than it takes to know that they are many."""
        self._tries += 1
        if self._tries > TRIES:
            return None
        bare: list[Select[Any]] = [
            each.with_only_columns(literal_column("1")) for each in candidates
        ]
        some = _together(bare).limit(self._few + 1).subquery()
        counted = select(func.count()).select_from(some)
        found = int(self._conditions.connection.execute(counted).scalar_one())
        return None if found > self._few else Start(found, members, left)


def _on_one_attribute(tree: Group) -> list[list[Attribute]]:
    """List a group's positive conditions by attribute, where there are several on one."""
    found: dict[str, list[Attribute]] = {}
    for item in tree.items:
        if isinstance(item, Attribute) and not is_negative(item):
            found.setdefault(item.name, []).append(item)
    told = (list(_briefly(leaves)) for leaves in found.values())
    return [leaves for leaves in told if len(leaves) > 1]


def _briefly(leaves: Iterable[Attribute]) -> Iterator[Attribute]:
    """Give conditions as long as their values are few: any of them say whom to start from."""
    told = 0
    for leaf in leaves:
        told += len(leaf.value) if isinstance(leaf.value, tuple) else 1
        if told > TOLD:
            return
        yield leaf


def _together(parts: Sequence[Select[Any]]) -> Select[Any] | CompoundSelect[Any]:
    # Never one union within another: SQLite has no brackets for them.
    return parts[0] if len(parts) == 1 else union_all(*parts)
