"""What the domain declines, each error building its own sentence from the values it keeps."""


class DomainError(ValueError):
    """Something the domain cannot accept; `code` is stable and meant for programs."""

    code = "invalid"


class BadTimestamp(DomainError):
    """A text that is no moment in time."""

    code = "bad_timestamp"

    def __init__(self, text: str) -> None:
        super().__init__(f"Expected an ISO 8601 timestamp, got {text[:64]!r}")
        self.text = text


class BadIdentifier(DomainError):
    """An id that cannot name anybody (rule C2)."""

    code = "bad_id"

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"Expected {field} to be an id, but {why}")
        self.field = field
        self.why = why


class PoisonIdentifier(DomainError):
    """An id that a broken client writes for everybody (rule C1)."""

    code = "poison_id"

    def __init__(self, field: str, value: str) -> None:
        super().__init__(f"Expected {field} to name one person, got the placeholder {value!r}")
        self.field = field
        self.value = value


class StreamOutOfOrder(DomainError):
    """An event that cannot follow the state it was given: the stream is damaged."""

    code = "stream_out_of_order"

    def __init__(self, event: str, profile: str) -> None:
        super().__init__(f"{event} cannot come next on {profile}")
        self.event = event
        self.profile = profile


class UnknownAttribute(DomainError):
    """An attribute that nobody ever wrote on this profile."""

    code = "unknown_attribute"

    def __init__(self, name: str) -> None:
        super().__init__(f"Expected an attribute that was written before, got {name[:255]!r}")
        self.name = name
