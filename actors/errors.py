"""What the actors answer when they cannot do as asked."""

from collections.abc import Sequence

from store.errors import StoreError


class Overloaded(Exception):
    """A host's queue is full: nothing of the request was taken."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Expected room for the calls, found a full queue; try in {retry_after} s")
        self.retry_after = retry_after


class Unavailable(Exception):
    """Not every call of the request is known to be stored: send it again."""

    def __init__(self, retry_after: int, why: str = "no host confirmed the write") -> None:
        super().__init__(f"Expected the calls to be stored, but {why}; try in {retry_after} s")
        self.retry_after = retry_after
        self.why = why


class HostUnreachable(Exception):
    """A host did not answer: what was sent may or may not have been done."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"Expected {name} to answer, but {why}")
        self.name = name
        self.why = why


class BadCursor(ValueError):
    """A text that no earlier page gave out as its continuation."""

    def __init__(self, text: str) -> None:
        super().__init__(f"Expected a moment or the `next` of an earlier page, got {text[:64]!r}")
        self.text = text


class NodeLacks(StoreError):
    """The environment of a node does not have what every node must have."""

    def __init__(self, names: Sequence[str]) -> None:
        what = " and ".join(names)
        super().__init__(f"Expected {what} in the environment of this node's Ray, found none")
        self.names = tuple(names)


class RayNotStarted(Exception):
    """Ray, which keeps our processes, did not come up on this machine."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"Expected Ray to start on this machine, but: {why.rstrip('.')}. "
            "Try again when nothing else is busy, or with RAY_TMPDIR naming a folder with room"
        )
        self.why = why


class ClusterUnreachable(Exception):
    """There is no Ray cluster that we could join."""

    def __init__(self, address: str, why: str) -> None:
        super().__init__(f"Expected a Ray cluster at {address}, but {why}")
        self.address = address


class SupervisorSilent(Exception):
    """There is a supervisor, and it does not answer."""

    def __init__(self, within: float) -> None:
        super().__init__(
            f"Expected the supervisor to answer within {within:.0f} s, but it did not; "
            "Ray may not have noticed yet that its node died"
        )
