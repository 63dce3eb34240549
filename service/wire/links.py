"""The link keys of a call: what ties visitors together without a CID."""

from collections.abc import Mapping

from domain.errors import DomainError
from domain.identifiers import LinkKey
from service.wire.contents import Contents
from service.wire.ids import read_id

LinkPath = tuple[str, str, list[str]]
"""Kind, the object of `Contents` to start from, and the keys to follow in it."""


def link_paths(links: Mapping[str, str]) -> list[LinkPath]:
    """Take the configured paths apart: kind -> `context.key.key`."""
    paths = []
    for kind, path in links.items():
        start, *keys = path.split(".")
        paths.append((kind, f"{start}_read", keys))
    return paths


def link_keys(
    paths: list[LinkPath], contents: Contents, poison: frozenset[str]
) -> tuple[LinkKey, ...]:
    """Find the link keys of a call; a value that cannot name anything is none."""
    found = []
    for kind, start, keys in paths:
        value = getattr(contents, start)
        for key in keys:
            value = value.get(key) if type(value) is dict else None
        text = None if value is None else _text(value, poison)
        if text is not None:
            found.append(f"{kind}:{text}")
    return tuple(found)


def _text(value: object, poison: frozenset[str]) -> str | None:
    try:
        return read_id("a link key", value, poison)
    except DomainError:
        return None
