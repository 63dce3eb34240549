"""Sources: the sites, servers and apps that send calls."""

import re
from typing import Final, Literal, get_args

import msgspec

from domain.instants import Instant

Kind = Literal["web", "server", "app"]
KINDS: Final[tuple[str, ...]] = get_args(Kind)

NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}", re.ASCII)
"""A name is short and plain: it is the name of a journal and of counters, for ever."""


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """One site, server or app; its calls come with one of its write keys.

    `made_at` is None for a source that version 0.1.0 made.
    """

    name: str
    kind: Kind = "web"
    made_at: Instant | None = None
    is_enabled: bool = True


class SourceError(Exception):
    """What was asked of a source cannot be done."""


class BadSourceName(SourceError):
    """A text that is no name for a source."""

    def __init__(self, name: str) -> None:
        super().__init__(
            "Expected a name of a-z, 0-9, - and _, a letter first, 32 characters at most, "
            f"got {name[:64]!r}"
        )
        self.name = name


class SourceExists(SourceError):
    """There is a source of that name already."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Expected a new name, but there is a source {name!r} already")
        self.name = name


class UnknownSource(SourceError):
    """There is no source of that name."""

    def __init__(self, name: str, known: list[str]) -> None:
        has = ", ".join(known) or "none yet"
        super().__init__(f"Expected the name of a source ({has}), got {name[:64]!r}")
        self.name = name


class UnknownKey(SourceError):
    """The source has no such write key, or several that start so."""

    def __init__(self, name: str, key: str, found: int) -> None:
        what = "none" if not found else f"{found}"
        super().__init__(
            f"Expected one write key of source {name!r} by the start of its id or as a whole, "
            f"found {what} for {key[:8]!r}"
        )
        self.name = name
