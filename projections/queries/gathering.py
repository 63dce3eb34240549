"""A filter written shorter: what may be asked at once of one attribute or column."""

from collections.abc import Iterable

from projections.queries.filters import Attribute, Column, Did, Filter, Group, Scalar


def gathered(tree: Filter) -> Filter:
    """Turn the values that one attribute or column may have into one `in`, all through a tree.

    It holds for the same profiles.
    """
    if not isinstance(tree, Group):
        return tree
    items = [gathered(item) for item in tree.items]
    if tree.is_any:
        items = _alternatives(items)
    return items[0] if len(items) == 1 else Group(tree.is_any, tuple(items))


def _alternatives(items: Iterable[Filter]) -> list[Filter]:
    choices: dict[tuple[type[Attribute | Column], str], list[Scalar]] = {}
    others: list[Filter] = []
    for item in items:
        if isinstance(item, Group | Did) or item.op not in {"=", "in"}:
            others.append(item)
        else:
            values = item.value if isinstance(item.value, tuple) else (item.value,)
            choices.setdefault((type(item), item.name), []).extend(values)
    found: list[Filter] = [kind(name, "in", tuple(v)) for (kind, name), v in choices.items()]
    return found + others
