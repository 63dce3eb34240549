"""Profiles are found: `GET /api/v1/profiles` and `POST /api/v1/profiles/search`."""

from collections.abc import Callable
from typing import Annotated, Any, Final

import msgspec
from litestar import Response, Router, get, post
from litestar.params import JSONBody, QueryParameter

from domain.instants import Instant
from projections.queries.filters import EVERYTHING, parse_filter, read_filter
from projections.queries.search import DEFAULT_SORT, MOST, Found, Search, find, views_of
from service.credentials import Admission
from service.questions import Cursor, Questions, WaitFor, WaitSeconds
from service.reads import TokenGuard, json_answer
from service.schemas import problems

SEARCHES: Final = (400, 401, 403, 413, 503, 504)
LARGEST = 256 * 1024
"""Bytes of a search in a body."""

Filter = Annotated[
    str | None,
    QueryParameter(
        description='JSON: `{"and": [...]}` or `{"or": [...]}` of up to 20 conditions or groups, '
        'or one condition: `{"attribute": "plan", "op": "=", "value": "pro"}`, '
        '`{"column": "last_seen", "op": ">=", "value": "2026-11-01T00:00:00Z"}` or '
        '`{"activity": "Order Completed", "at_least": 2, "last_days": 30}`.'
    ),
]
Sort = Annotated[
    str,
    QueryParameter(
        description="last_seen, first_seen, activity_count or born; `-` before it: descending."
    ),
]
Limit = Annotated[int, QueryParameter(ge=1, le=MOST, description="How many profiles at most.")]
Count = Annotated[bool, QueryParameter(description="Count all that the filter holds for.")]


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A search as the body of a request; fields as the parameters of `GET /api/v1/profiles`."""

    filter: dict[str, Any] | None = None
    sort: str = DEFAULT_SORT
    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST)] = 50
    after: str | None = None
    count: bool = False
    wait_for: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] | None = None
    wait_seconds: Annotated[float, msgspec.Meta(ge=0, le=30)] = 5.0


class ProfilesFound(msgspec.Struct, frozen=True):
    """A page of profiles; `next` is the `after` of the page that follows.

    `unknown_attributes` are those of the filter that no profile has. `position` is how far the
    views had read the log. `count` is there when it was asked for.
    """

    profiles: list[dict[str, Any]]
    next: str | None
    unknown_attributes: list[str]
    position: int
    count: int | msgspec.UnsetType = msgspec.UNSET


def search_routes(
    questions: Questions, credentials: Admission, now: Callable[[], Instant]
) -> Router:
    """Give the addresses under which profiles are found."""

    async def answered(
        search: Search, wait_for: int | None, wait_seconds: float
    ) -> Response[bytes]:
        found, position = await questions.ask(
            views_of(search),
            lambda snapshot: find(snapshot, search, now()),
            wait_for,
            wait_seconds,
        )
        return json_answer(_at(found, position))

    @get("/profiles", responses=problems(ProfilesFound, *SEARCHES))
    async def profiles(  # noqa: PLR0913, PLR0917 - one parameter each
        filter: Filter = None,  # noqa: A002 - the parameter's name
        sort: Sort = DEFAULT_SORT,
        limit: Limit = 50,
        after: Cursor = None,
        count: Count = False,  # noqa: FBT002 - a flag of the query
        wait_for: WaitFor = None,
        wait_seconds: WaitSeconds = 5.0,
    ) -> Response[bytes]:
        """Find profiles by their attributes, times and activities."""
        tree = EVERYTHING if filter is None else parse_filter(filter)
        search = Search(tree, sort, limit, after, count)
        return await answered(search, wait_for, wait_seconds)

    @post(
        "/profiles/search",
        responses=problems(ProfilesFound, *SEARCHES),
        status_code=200,
        request_max_body_size=LARGEST,
    )
    async def search(data: JSONBody[Asked]) -> Response[bytes]:
        """Find profiles; the same as `GET /api/v1/profiles`, for filters too long for an URL."""
        tree = EVERYTHING if data.filter is None else read_filter(data.filter)
        asked = Search(tree, data.sort, data.limit, data.after, data.count)
        return await answered(asked, data.wait_for, data.wait_seconds)

    return Router(
        "/api/v1",
        route_handlers=[profiles, search],
        guards=[TokenGuard(credentials)],
        security=[{"token": []}],
    )


def _at(found: Found, position: int) -> dict[str, Any]:
    told = msgspec.structs.asdict(found) | {"position": position}
    return {name: value for name, value in told.items() if value is not msgspec.UNSET}
