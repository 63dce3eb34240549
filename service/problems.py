"""What went wrong, as an answer: always `{"success": false, "code", "message"}`."""

from http import HTTPStatus
from typing import Any

import structlog
from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import ExceptionHandlersMap

from actors.errors import BadCursor, Overloaded, Unavailable
from service.answers import Problem
from service.wire.errors import Unreadable

AnyRequest = Request[Any, Any, Any]

log = structlog.get_logger()


class Denied(Exception):
    """The request has no right to this; `challenge` names what to come back with, if anything."""

    def __init__(self, status: int, code: str, message: str, challenge: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = None if challenge is None else {"WWW-Authenticate": challenge}


class UnknownWriteKey(Denied):
    """Calls came without a write key, or with one that nobody was given.

    There is no challenge in the answer: browsers would ask the site's visitors for a password.
    """

    def __init__(self, *, is_given: bool) -> None:
        found = "one that is unknown" if is_given else "none"
        super().__init__(401, "unknown_write_key", f"Expected a write key, got {found}")


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

    def __init__(self) -> None:
        super().__init__("Expected every host and the store to answer, but one does not yet")


def problem(
    status: int, code: str, message: str, headers: dict[str, str] | None = None
) -> Response[Problem]:
    """Answer with a problem."""
    return Response(
        Problem(success=False, code=code, message=message),
        status_code=status,
        headers=headers,
        media_type=MediaType.JSON,
    )


def _unreadable(_: AnyRequest, error: Unreadable) -> Response[Problem]:
    return problem(error.status, error.code, error.message)


def _denied(_: AnyRequest, error: Denied) -> Response[Problem]:
    return problem(error.status, error.code, str(error), error.headers)


def _overloaded(_: AnyRequest, error: Overloaded) -> Response[Problem]:
    return problem(429, "overloaded", str(error), {"Retry-After": str(error.retry_after)})


def _unavailable(_: AnyRequest, error: Unavailable) -> Response[Problem]:
    return problem(503, "unavailable", str(error), {"Retry-After": str(error.retry_after)})


def _not_ready(_: AnyRequest, error: NotReady) -> Response[Problem]:
    return problem(503, "not_ready", str(error), {"Retry-After": "1"})


def _unknown_profile(_: AnyRequest, error: UnknownProfile) -> Response[Problem]:
    return problem(404, "unknown_profile", str(error))


def _bad_cursor(_: AnyRequest, error: BadCursor) -> Response[Problem]:
    return problem(400, "bad_cursor", str(error))


def _invalid_parameter(_: AnyRequest, error: ValidationException) -> Response[Problem]:
    extra: Any = error.extra or []
    parts = [
        f"{part.get('key')}: {part.get('message')}" for part in extra if isinstance(part, dict)
    ]
    return problem(400, "invalid_parameter", "; ".join(parts) or error.detail)


def _http(request: AnyRequest, error: HTTPException) -> Response[Problem]:
    """Answer what the router itself declines: an unknown path, a method that a path has not."""
    if error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _internal(request, error)
    phrase = HTTPStatus(error.status_code).phrase
    code = phrase.lower().replace(" ", "_")
    message = f"{phrase}: {request.method} {request.scope['path']}"
    return problem(error.status_code, code, message, error.headers)


def _internal(request: AnyRequest, error: Exception) -> Response[Problem]:
    """Answer what nobody foresaw; what it was stands in the log alone."""
    log.error("a request failed", method=request.method, path=request.scope["path"], exc_info=error)
    return problem(500, "internal", "Something unforeseen went wrong; the log tells what")


HANDLERS: ExceptionHandlersMap = {
    Unreadable: _unreadable,
    Denied: _denied,
    Overloaded: _overloaded,
    Unavailable: _unavailable,
    NotReady: _not_ready,
    UnknownProfile: _unknown_profile,
    BadCursor: _bad_cursor,
    ValidationException: _invalid_parameter,
    HTTPException: _http,
    Exception: _internal,
}
"""Which exception gets which answer."""
