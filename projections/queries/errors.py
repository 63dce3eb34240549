"""Questions that cannot be asked; `code` is stable and meant for programs."""


class BadQuery(ValueError):
    """What was asked makes no sense, and the message says what would."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class BadFilter(BadQuery):
    """A filter is not of the shape that the documentation shows."""

    def __init__(self, expected: str, got: object) -> None:
        super().__init__("invalid_filter", f"Expected {expected}, got {_told(got)}")


class UnknownOperator(BadQuery):
    """An operator that this operand does not have."""

    def __init__(self, operator: object, known: tuple[str, ...]) -> None:
        super().__init__(
            "unknown_operator", f"Expected one of {' '.join(known)}, got {_told(operator)}"
        )


class UnknownColumn(BadQuery):
    """A column that profiles do not have."""

    def __init__(self, column: object, known: tuple[str, ...]) -> None:
        super().__init__(
            "unknown_column", f"Expected one of {', '.join(known)}, got {_told(column)}"
        )


class BadValue(BadQuery):
    """A value that cannot be compared so."""

    def __init__(self, expected: str, got: object) -> None:
        super().__init__("bad_value", f"Expected {expected}, got {_told(got)}")


class FilterTooDeep(BadQuery):
    """Groups within groups within groups."""

    def __init__(self, depth: int) -> None:
        super().__init__(
            "filter_too_deep", f"Expected no more than {depth} levels of `and` and `or`"
        )


class FilterTooWide(BadQuery):
    """More conditions in one group than a question may have."""

    def __init__(self, width: int, got: int) -> None:
        super().__init__(
            "filter_too_wide", f"Expected at most {width} conditions in a group, got {got}"
        )


class BadPage(BadQuery):
    """A continuation that no earlier page of this question gave out."""

    def __init__(self, cursor: str) -> None:
        super().__init__(
            "bad_cursor", f"Expected the `next` of an earlier page, got {_told(cursor)}"
        )


def _told(value: object) -> str:
    return repr(value)[:80]
