"""Calls that come as the query of an address, as images do."""

from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import parse_qsl

from service.wire.errors import Unreadable

MOST_FIELDS: Final = 1_000

Headers = Iterable[tuple[bytes, bytes]]


class TooManyFields(Unreadable):
    """The query has more fields than anybody reads."""

    def __init__(self, limit: int) -> None:
        super().__init__("too_many_fields", f"Expected at most {limit} fields in a query, got more")


def fields_of(query: bytes) -> dict[str, str]:
    """Take a query apart; of fields with one name the last counts."""
    try:
        return dict(parse_qsl(query.decode("latin-1"), max_num_fields=MOST_FIELDS))
    except ValueError:
        raise TooManyFields(MOST_FIELDS) from None


def with_asker(context: dict[str, Any], headers: Headers) -> dict[str, Any]:
    """Lay beneath a context what the browser says of itself and of the page it is on."""
    sent = dict(headers)
    agent, url = sent.get(b"user-agent"), sent.get(b"referer")
    beneath: dict[str, Any] = {}
    if agent is not None:
        beneath["userAgent"] = agent.decode("latin-1")
    if url is not None and "page" not in context:
        beneath["page"] = {"url": url.decode("latin-1")}
    return {**beneath, **context}
