"""What a profile's history answers: every event, why a value, why these UIDs."""

from typing import Annotated, Any, Literal

from litestar import Response, Router, get
from litestar.params import QueryParameter

from domain.history import Stretch
from domain.person import Then
from service.answers import Explanation, HistoryShown, IdentitiesShown
from service.credentials import Admission
from service.desk import Desk, Kind
from service.moments import then_of
from service.problems import UnknownProfile
from service.questions import AsKnownAt, AsOf
from service.reads import Id, TokenGuard, id_in_path, json_answer
from service.schemas import PROFILES, problems

Events = Annotated[int, QueryParameter(ge=1, le=1_000, description="How many events at most.")]
After = Annotated[
    int | None, QueryParameter(ge=0, le=2**63 - 1, description="The `next` of an earlier page.")
]
Order = Annotated[Literal["oldest", "newest"], QueryParameter(description="Which come first.")]
Name = Annotated[str, QueryParameter(description="The name of an attribute.")]


class Histories:
    """Answers how a profile came to be."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def events(self, kind: Kind, encoded: str, stretch: Stretch) -> Response[bytes]:
        """Give a page of events."""
        value = id_in_path(kind, encoded)
        return _found(kind, value, await self._desk.history(kind, value, stretch))

    async def explain(self, kind: Kind, encoded: str, name: str, then: Then) -> Response[bytes]:
        """Tell why an attribute has its value."""
        value = id_in_path(kind, encoded)
        return _found(kind, value, await self._desk.explain(kind, value, name, then))

    async def identities(self, kind: Kind, encoded: str, then: Then) -> Response[bytes]:
        """Tell why the UIDs of a profile are together."""
        value = id_in_path(kind, encoded)
        return _found(kind, value, await self._desk.identities(kind, value, then))


def history_routes(desk: Desk, credentials: Admission) -> Router:
    """Give the addresses under which a profile's history is read."""
    histories = Histories(desk)
    answers = {
        "history": problems(HistoryShown, *PROFILES),
        "explain": problems(Explanation, *PROFILES),
        "identities": problems(IdentitiesShown, *PROFILES),
    }

    @get("/customers/{cid:str}/history", responses=answers["history"])
    async def customer_history(
        cid: Id, limit: Events = 100, after: After = None, order: Order = "oldest"
    ) -> Response[bytes]:
        """List every event of a customer and of the visitors folded into it."""
        return await histories.events("customer", cid, Stretch(limit, after, order == "newest"))

    @get("/visitors/{uid:str}/history", responses=answers["history"])
    async def visitor_history(
        uid: Id, limit: Events = 100, after: After = None, order: Order = "oldest"
    ) -> Response[bytes]:
        """List every event of a visitor, or of the customer it was folded into."""
        return await histories.events("visitor", uid, Stretch(limit, after, order == "newest"))

    @get("/customers/{cid:str}/explain", responses=answers["explain"])
    async def customer_explain(
        cid: Id, attribute: Name, as_of: AsOf = None, as_known_at: AsKnownAt = None
    ) -> Response[bytes]:
        """Tell which call set an attribute of a customer, and which values it beat."""
        return await histories.explain("customer", cid, attribute, then_of(as_of, as_known_at))

    @get("/visitors/{uid:str}/explain", responses=answers["explain"])
    async def visitor_explain(
        uid: Id, attribute: Name, as_of: AsOf = None, as_known_at: AsKnownAt = None
    ) -> Response[bytes]:
        """Tell which call set an attribute of a visitor, or of its customer."""
        return await histories.explain("visitor", uid, attribute, then_of(as_of, as_known_at))

    @get("/customers/{cid:str}/identities", responses=answers["identities"])
    async def customer_identities(
        cid: Id, as_of: AsOf = None, as_known_at: AsKnownAt = None
    ) -> Response[bytes]:
        """Tell since when, by which rule and by which call each UID belongs to a customer."""
        return await histories.identities("customer", cid, then_of(as_of, as_known_at))

    @get("/visitors/{uid:str}/identities", responses=answers["identities"])
    async def visitor_identities(
        uid: Id, as_of: AsOf = None, as_known_at: AsKnownAt = None
    ) -> Response[bytes]:
        """Tell what ties a visitor, or the customer it was folded into, together."""
        return await histories.identities("visitor", uid, then_of(as_of, as_known_at))

    return Router(
        "/api/v1",
        route_handlers=[
            *(customer_history, visitor_history, customer_explain, visitor_explain),
            *(customer_identities, visitor_identities),
        ],
        guards=[TokenGuard(credentials)],
        security=[{"token": []}],
    )


def _found(kind: Kind, value: str, answer: dict[str, Any] | None) -> Response[bytes]:
    if answer is None:
        raise UnknownProfile(kind, value)
    return json_answer(answer)
