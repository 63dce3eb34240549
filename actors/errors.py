"""What the actors answer when they cannot do as asked."""


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
