"""What went wrong, as an answer: always `{"success": false, "code", "message"}`."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import msgspec
import structlog
from litestar.exceptions import HTTPException, ValidationException

from actors.errors import BadCursor, Overloaded, Unavailable
from domain.errors import BadTimestamp, UnknownAttribute
from projections.queries.errors import BadQuery
from service.answers import Problem
from service.wire.errors import Unreadable
from store.views.errors import (
    ViewBuilding,
    ViewMissing,
    ViewOutdated,
    ViewsBehind,
    ViewsMissing,
    ViewsUnavailable,
)

log = structlog.get_logger()


class Denied(Exception):
    """The request has no right to this; `challenge` names what to come back with, if anything."""

    def __init__(self, status: int, code: str, message: str, challenge: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = {} if challenge is None else {"WWW-Authenticate": challenge}


class UnknownWriteKey(Denied):
    """Calls came without a write key, or with one that nobody was given.

    There is no challenge in the answer: browsers would ask the site's visitors for a password.
    """

    def __init__(self, *, is_given: bool) -> None:
        found = "one that is unknown" if is_given else "none"
        super().__init__(401, "unknown_write_key", f"Expected a write key, got {found}")


class SourceDisabled(Denied):
    """Calls came with a key of a source that is switched off: clients drop them (decision 0024)."""

    def __init__(self, name: str) -> None:
        message = f"Expected calls of an enabled source, but {name!r} is disabled"
        super().__init__(404, "source_disabled", message)


class BadHost(Denied):
    """The request does not say by which name it found this server."""

    def __init__(self, host: str) -> None:
        message = f"Expected the header Host to name a host, got {host[:255]!r}"
        super().__init__(400, "bad_host", message)


class MissingToken(Denied):
    """A read came without an API token."""

    def __init__(self) -> None:
        message = "Expected the header Authorization: Bearer <API token>"
        super().__init__(401, "missing_token", message, challenge="Bearer")


class WrongToken(Denied):
    """A read came with a token that nobody was given."""

    def __init__(self) -> None:
        message = "Expected an API token of this deployment, got another"
        super().__init__(403, "wrong_token", message)


class UnknownProfile(Exception):
    """Nobody of that name was ever seen."""

    def __init__(self, kind: str, value: str) -> None:
        super().__init__(f"Expected a {kind} that was seen before, got {value[:255]!r}")


class NotReady(Exception):
    """Calls cannot be taken at the moment."""

    def __init__(self, retry_after: int = 1) -> None:
        super().__init__("Expected every host and the store to answer, but one does not yet")
        self.retry_after = retry_after


class Explained(msgspec.Struct, frozen=True):
    """A problem and how HTTP says it."""

    status: int
    problem: Problem
    headers: dict[str, str]


VERDICTS: Final[Mapping[type[Exception], tuple[int, str]]] = {
    Overloaded: (429, "overloaded"),
    Unavailable: (503, "unavailable"),
    NotReady: (503, "not_ready"),
    UnknownProfile: (404, "unknown_profile"),
    BadCursor: (400, "bad_cursor"),
    ViewsUnavailable: (503, "view_unavailable"),
    ViewsMissing: (503, "view_unavailable"),
    ViewMissing: (503, "view_unavailable"),
    ViewOutdated: (503, "view_unavailable"),
    ViewBuilding: (503, "view_unavailable"),
    ViewsBehind: (504, "position_not_reached"),
    BadTimestamp: (400, BadTimestamp.code),
    UnknownAttribute: (404, UnknownAttribute.code),
}
"""Status and code of exceptions that do not say so themselves."""


def explained(error: Exception, method: str, path: str) -> Explained:
    """Turn an exception into an answer; what nobody foresaw is told to the log alone."""
    message, headers = str(error), {}
    if isinstance(error, Unreadable | Denied):
        status, code = error.status, error.code
        headers = error.headers if isinstance(error, Denied) else {}
    elif isinstance(error, BadQuery):
        status, code = 400, error.code
    elif isinstance(error, HTTPException) and error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        status, code, message = _of_the_router(error, method, path)
        headers = error.headers or {}
    else:
        status, code = VERDICTS.get(type(error), (500, "internal"))
        if code == "internal":
            log.error("a request failed", method=method, path=path, exc_info=error)
            message = "Something unforeseen went wrong; the log tells what"
    if hasattr(error, "retry_after"):
        headers = {"Retry-After": str(error.retry_after)}
    return Explained(status, Problem(success=False, code=code, message=message), headers)


def _of_the_router(error: HTTPException, method: str, path: str) -> tuple[int, str, str]:
    """Explain a bad parameter, an unknown path, a method that a path has not."""
    if isinstance(error, ValidationException):
        extra = error.extra if isinstance(error.extra, list) else []
        parts = [f"{part.get('key')}: {part.get('message')}" for part in extra]
        return error.status_code, "invalid_parameter", "; ".join(parts) or error.detail
    phrase = HTTPStatus(error.status_code).phrase
    return error.status_code, phrase.lower().replace(" ", "_"), f"{phrase}: {method} {path}"
