"""Why a view cannot be read or written now."""

from uuid import UUID

from store.errors import StoreError


class ViewsUnavailable(StoreError):
    """A view cannot be read now; the message says what to do about it."""


class ViewsMissing(ViewsUnavailable):
    """The view database is gone; the log has everything to make it again."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Expected the view database {name}, found none: "
            "`onefold projections rebuild` makes it again from the log"
        )
        self.name = name


class ViewMissing(ViewsUnavailable):
    """No generation of a view is live."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Expected a live generation of the view {name!r}, found none: "
            f"`onefold projections rebuild {name}` makes one"
        )
        self.name = name


class ViewOutdated(ViewsUnavailable):
    """The live generation was made by another version of the projection's code."""

    def __init__(self, name: str, *, expected: int, found: int) -> None:
        super().__init__(
            f"Expected version {expected} of the view {name!r}, found version {found}: "
            f"`onefold projections rebuild {name}` makes it anew"
        )
        self.name = name
        self.expected = expected
        self.found = found


class ViewBuilding(ViewsUnavailable):
    """A view is being made for the first time and is not complete yet."""

    def __init__(self, name: str, position: int, complete_at: int) -> None:
        super().__init__(
            f"Expected the view {name!r} to be complete, but it is being made: "
            f"at position {position:,} of {complete_at:,}"
        )
        self.name = name
        self.position = position


class ViewsBehind(StoreError):
    """A view did not reach a position in the time it was given."""

    def __init__(self, name: str, *, expected: int, position: int) -> None:
        super().__init__(
            f"Expected the view {name!r} at position {expected:,}, it is at {position:,} still"
        )
        self.name = name
        self.position = position


class OutOfStep(StoreError):
    """A generation is not where its writer left it: it was switched, or somebody else wrote."""

    def __init__(self, generation: str, why: str) -> None:
        super().__init__(f"Expected to be the only writer of {generation}, but {why}")
        self.generation = generation


class RebuildRunning(StoreError):
    """Another process rebuilds or switches this view."""

    def __init__(self, name: str, owner: str) -> None:
        super().__init__(
            f"The view {name!r} is being rebuilt or switched by {owner}; wait until that has ended"
        )
        self.name = name
        self.owner = owner


class RebuildStopped(StoreError):
    """An event could not be folded, so the replay was given up; the live view is as before."""

    def __init__(  # noqa: PLR0913, PLR0917 - an event's place, by name and position
        self, name: str, stream: UUID, version: int, position: int, topic: str, why: str
    ) -> None:
        super().__init__(
            f"The replay of {name!r} stopped at event {version} ({topic}) of stream {stream}, "
            f"position {position:,}: {why}. The live view was left as it is"
        )
        self.args = (name, stream, version, position, topic, why)
        self.message = (
            f"The replay of {name!r} stopped at event {version} ({topic}) of stream {stream}, "
            f"position {position:,}: {why}. The live view was left as it is"
        )
        self.stream = stream
        self.position = position

    def __str__(self) -> str:
        return self.message


class NothingToSwitchTo(StoreError):
    """There is no older generation that this version of the code could bring up to date."""

    def __init__(self, name: str, version: int) -> None:
        super().__init__(
            f"Expected an old generation of {name!r} made by version {version} of its code, "
            "found none"
        )
        self.name = name


class UnknownView(StoreError):
    """A name that no projection has."""

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(f"Expected one of the views {', '.join(known)}, got {name!r}")
        self.name = name
