"""What is mended before a body is given up, so that one broken call does not cost its batch.

JavaScript cuts texts in the middle of an emoji and writes the half that is left as an escape
that no strict decoder takes; a structure nested thousands of levels deep exhausts one. Both
make the whole body undecodable, so this slow path is entered when that has happened.
"""

import re

from service.wire.errors import InvalidJson

BACKSLASH = rb"\\"
STAND_IN = b"\0\0"
"""Stands for an escaped backslash; a bare NUL cannot occur in JSON."""

HALF = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
NEXT_BRACKET = re.compile(rb'(?:[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+")*+([\[\]{}])', re.DOTALL)

KEPT_LEVELS = 80
"""Deeper than any call may nest, however it is wrapped: such a call is rejected all the same."""

MOST_BRACKETS = 50_000
"""Counting further would keep other requests waiting."""


def whole_text(body: bytes) -> bytes:
    """Replace each half of a surrogate pair by U+FFFD, as `String.toWellFormed` does."""
    if b"\0" in body:
        return body
    halves_bare = body.replace(BACKSLASH, STAND_IN)
    return HALF.sub(rb"\\ufffd", halves_bare).replace(STAND_IN, BACKSLASH)


def shallow(body: bytes) -> bytes:
    """Put a `0` where a structure nests deeper than any call may."""
    kept: list[bytes] = []
    depth = start = position = 0
    for _ in range(MOST_BRACKETS):
        found = NEXT_BRACKET.match(body, position)
        if found is None:
            return b"".join((*kept, body[start:]))
        position = found.end()
        if found[1] in b"[{":
            depth += 1
            if depth == KEPT_LEVELS + 1:
                kept += body[start : position - 1], b"0"
        else:
            depth -= 1
            if depth == KEPT_LEVELS:
                start = position
    raise InvalidJson(expected="a request", found=f"it nests deep in over {MOST_BRACKETS} brackets")
