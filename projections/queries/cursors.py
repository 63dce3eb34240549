"""Where a page ended, as a text that clients hand back unread."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error

import msgspec

from projections.queries.errors import BadPage


def cursor(question: str, *place: str | int) -> str:
    """Write down where a page of a question ended."""
    return urlsafe_b64encode(msgspec.json.encode([question, *place])).rstrip(b"=").decode()


def read_cursor(text: str, question: str, *shape: type) -> list[str | int]:
    """Read a place of that shape; raises `BadPage` for any other text or another question's."""
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        told = msgspec.json.decode(urlsafe_b64decode(padded), type=list[str | int])
    except (Error, UnicodeError, msgspec.DecodeError):
        raise BadPage(text) from None
    if not told or told[0] != question or [type(part) for part in told[1:]] != list(shape):
        raise BadPage(text)
    if any(isinstance(part, int) and abs(part) >= 2**63 for part in told):
        raise BadPage(text)
    return told[1:]
