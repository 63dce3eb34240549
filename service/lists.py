"""Lists out of the views: rejections, daily counts, the sessions of a profile."""

from typing import Annotated, Any, Final

import msgspec
from litestar import Response, Router, get
from litestar.params import QueryParameter

from domain.instants import Instant, day_of
from projections.queries.daily_counts import VIEWS as DAILY
from projections.queries.daily_counts import Daily, daily_counts
from projections.queries.rejection_list import VIEWS as REJECTIONS
from projections.queries.rejection_list import Rejected, rejections
from projections.queries.session_list import VIEWS as SESSIONS
from projections.queries.session_list import sessions_of
from service.credentials import Admission
from service.desk import Kind
from service.moments import instant_of
from service.problems import UnknownProfile
from service.questions import Cursor, Questions, WaitFor, WaitSeconds
from service.reads import Id, TokenGuard, id_in_path, json_answer
from service.schemas import problems

LISTS: Final = (400, 401, 403, 503, 504)
OF_A_PROFILE: Final = (400, 401, 403, 404, 503, 504)

From = Annotated[str | None, QueryParameter(name="from", description="RFC 3339, included.")]
To = Annotated[str | None, QueryParameter(name="to", description="RFC 3339, excluded.")]
FromDay = Annotated[str | None, QueryParameter(name="from", description="The first UTC day.")]
ToDay = Annotated[str | None, QueryParameter(name="to", description="The last UTC day.")]
Source = Annotated[str | None, QueryParameter(description="Of this source alone.")]
Code = Annotated[str | None, QueryParameter(description="Of this code alone.")]
Name = Annotated[str | None, QueryParameter(description="Of this activity alone.")]
Profiles = Annotated[bool, QueryParameter(description="Count different profiles too.")]
Page = Annotated[int, QueryParameter(ge=1, le=1_000, description="How many at most.")]


class RejectionsShown(msgspec.Struct, frozen=True):
    """Rejected calls, newest first; `counts` by code are of all times."""

    rejections: list[dict[str, Any]]
    next: str | None
    counts: dict[str, int]
    position: int


class DaysShown(msgspec.Struct, frozen=True):
    """How often activities happened, a day, name and source each."""

    days: list[dict[str, Any]]
    next: str | None
    position: int


class SessionsShown(msgspec.Struct, frozen=True):
    """Sessions, newest first."""

    sessions: list[dict[str, Any]]
    next: str | None
    position: int


def list_routes(questions: Questions, credentials: Admission) -> Router:
    """Give the addresses of the lists."""

    @get("/rejections", responses=problems(RejectionsShown, *LISTS))
    async def rejected(  # noqa: PLR0913, PLR0917 - one parameter each
        source: Source = None,
        code: Code = None,
        since: From = None,
        until: To = None,
        limit: Page = 50,
        after: Cursor = None,
        wait_for: WaitFor = None,
        wait_seconds: WaitSeconds = 5.0,
    ) -> Response[bytes]:
        """List the calls that could not be taken, newest first, and count them by code."""
        asked = Rejected(source, code, instant_of(since), instant_of(until), limit, after)
        found, position = await questions.ask(
            REJECTIONS, lambda snapshot: rejections(snapshot, asked), wait_for, wait_seconds
        )
        return json_answer(found | {"position": position})

    @get("/activities/daily", responses=problems(DaysShown, *LISTS))
    async def daily(  # noqa: PLR0913, PLR0917 - one parameter each
        name: Name = None,
        source: Source = None,
        since: FromDay = None,
        until: ToDay = None,
        profiles: Profiles = False,  # noqa: FBT002 - a flag of the query
        limit: Page = 1_000,
        after: Cursor = None,
        wait_for: WaitFor = None,
        wait_seconds: WaitSeconds = 5.0,
    ) -> Response[bytes]:
        """Count activities by UTC day, name and source."""
        days = _day(instant_of(since)), _day(instant_of(until))
        asked = Daily(name, source, *days, limit, after, profiles)
        found, position = await questions.ask(
            DAILY, lambda snapshot: daily_counts(snapshot, asked), wait_for, wait_seconds
        )
        return json_answer(found | {"position": position})

    @get("/customers/{cid:str}/sessions", responses=problems(SessionsShown, *OF_A_PROFILE))
    async def customer_sessions(
        cid: Id,
        limit: Page = 50,
        after: Cursor = None,
        wait_for: WaitFor = None,
        wait_seconds: WaitSeconds = 5.0,
    ) -> Response[bytes]:
        """List a customer's sessions under all its UIDs, newest first."""
        return await _sessions(questions, "customer", cid, limit, after, wait_for, wait_seconds)

    @get("/visitors/{uid:str}/sessions", responses=problems(SessionsShown, *OF_A_PROFILE))
    async def visitor_sessions(
        uid: Id,
        limit: Page = 50,
        after: Cursor = None,
        wait_for: WaitFor = None,
        wait_seconds: WaitSeconds = 5.0,
    ) -> Response[bytes]:
        """List the sessions of a visitor, or of the customer it was folded into."""
        return await _sessions(questions, "visitor", uid, limit, after, wait_for, wait_seconds)

    return Router(
        "/api/v1",
        route_handlers=[rejected, daily, customer_sessions, visitor_sessions],
        guards=[TokenGuard(credentials)],
        security=[{"token": []}],
    )


async def _sessions(  # noqa: PLR0913, PLR0917 - what was asked
    questions: Questions,
    kind: Kind,
    encoded: str,
    limit: int,
    after: str | None,
    wait_for: int | None,
    wait_seconds: float,
) -> Response[bytes]:
    value = id_in_path(kind, encoded)
    found, position = await questions.ask(
        SESSIONS,
        lambda snapshot: sessions_of(snapshot, kind, value, limit, after),
        wait_for,
        wait_seconds,
    )
    if found is None:
        raise UnknownProfile(kind, value)
    return json_answer(found | {"position": position})


def _day(moment: Instant | None) -> int | None:
    return None if moment is None else day_of(moment)
