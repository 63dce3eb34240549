"""What a dialect declines: whole requests (`Unreadable`) and single calls (`Untakeable`)."""

import msgspec

UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError)
"""What msgspec raises for bytes that it cannot decode, nesting apart (`RecursionError`)."""


class Unreadable(Exception):
    """Nothing of this request can be taken; `status` is the HTTP answer to it."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


class InvalidJson(Unreadable):
    """The body is no JSON, or not of the shape that a request has."""

    def __init__(self, *, expected: str, found: str) -> None:
        super().__init__("invalid_json", f"Expected the body to be {expected}, but: {found}")


class InvalidGzip(Unreadable):
    """The body should be gzip and is not, or stops in the middle."""

    def __init__(self, *, why: str) -> None:
        super().__init__("invalid_gzip", f"Expected the body to be gzip, but {why}")


class BodyTooLarge(Unreadable):
    """The body is larger than it may be, as sent or once unpacked."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            "body_too_large",
            f"Expected a body of at most {limit} bytes, also after gunzip, got more",
            413,
        )


class TooManyCalls(Unreadable):
    """The batch holds more calls than it may."""

    def __init__(self, calls: int, limit: int) -> None:
        super().__init__(
            "too_many_calls", f"Expected at most {limit} calls in a batch, got {calls}"
        )


class Untakeable(ValueError):
    """One call that cannot become a command; `code` is stable and meant for programs."""

    code = "invalid_call"


class InvalidCall(Untakeable):
    """A part of the call is of the wrong type or holds what nobody can decode."""

    def __init__(self, *, field: str, expected: str, found: str) -> None:
        super().__init__(f"Expected {field} to be {expected}, but {found}")


class CallTooLarge(Untakeable):
    """The call has more bytes than a call may have."""

    code = "call_too_large"

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"Expected a call of at most {limit} bytes, got {size}")


class TooDeep(Untakeable):
    """Objects and lists inside each other, further than anybody reads."""

    code = "too_deep"

    def __init__(self, *, field: str, levels: int) -> None:
        super().__init__(f"Expected {field} to nest at most {levels} levels, got more")


class UnknownType(Untakeable):
    """The call is of no type that this dialect has."""

    code = "unknown_type"

    def __init__(self, kind: object, known: str) -> None:
        found = f"got {kind[:64]!r}" if isinstance(kind, str) else "got none"
        super().__init__(f"Expected type to be one of {known}, {found}")


class NoId(Untakeable):
    """The call names nobody."""

    code = "no_id"

    def __init__(self, *, fields: str) -> None:
        super().__init__(f"Expected {fields}, got none")


class NoName(Untakeable):
    """The activity has no name."""

    code = "no_name"

    def __init__(self, field: str) -> None:
        super().__init__(f"Expected {field} to name what was done, got none")


class NameTooLong(Untakeable):
    """A name that is longer than a name may be."""

    code = "name_too_long"

    def __init__(self, *, field: str, length: int, limit: int) -> None:
        super().__init__(f"Expected {field} of at most {limit} characters, got {length}")
