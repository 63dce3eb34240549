"""Profiles in the shape of Segment's Profile API, for tools that speak it (decision 0019).

`/v1/spaces/{space}/collections/users/profiles/{type:id}/...`, with `user_id:` or
`anonymous_id:` before the id. A deployment is one space: whatever its name, it is this one.
"""

from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import quote, unquote

from litestar import Request, Response, Router, get
from litestar.params import PathParameter, QueryParameter

from domain.document import Document
from domain.person import NOW
from projections.queries.cursors import cursor, read_cursor
from service.credentials import Admission
from service.desk import Desk, Kind
from service.problems import UnknownProfile, explained
from service.reads import AnyRequest, BasicOrBearerGuard, id_in_path, json_answer

KINDS: dict[str, Kind] = {"user_id": "customer", "anonymous_id": "visitor"}
TYPES = {"$page": "page", "$screen": "screen", "$group": "group"}

External = Annotated[str, PathParameter(description="`user_id:ID` or `anonymous_id:ID`.")]
Limit = Annotated[int, QueryParameter(ge=1, le=200, description="How many at most.")]
Next = Annotated[str | None, QueryParameter(name="next", description="The cursor's `next`.")]
Verbose = Annotated[bool, QueryParameter(description="Tell everything that is known.")]
Include = Annotated[str | None, QueryParameter(description="These traits alone: a,b,c.")]


class ProfileApi:
    """Answers in Segment's shapes, from the hosts: what was just sent is there."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def document(self, external: str) -> Document:
        """Give the profile of an external id; raises `UnknownProfile`."""
        kind, value = _who(external)
        ask = self._desk.customer if kind == "customer" else self._desk.visitor
        document = await ask(value)
        if document is None:
            raise UnknownProfile(kind, value)
        return document

    async def events(self, external: str, limit: int, after: str | None) -> dict[str, Any]:
        """Give a page of a timeline; raises `UnknownProfile` or `BadCursor`."""
        kind, value = _who(external)
        page = await self._desk.timeline(kind, value, limit, after, NOW)
        if page is None:
            raise UnknownProfile(kind, value)
        return page


def profile_api_routes(desk: Desk, credentials: Admission) -> Router:
    """Give the addresses of the Profile API."""
    api = ProfileApi(desk)

    @get("/traits")
    async def traits(  # noqa: PLR0913, PLR0917 - one parameter each
        request: AnyRequest,
        external: External,
        limit: Limit = 10,
        after: Next = None,
        include: Include = None,
        verbose: Verbose = False,  # noqa: FBT002 - a flag of the query
    ) -> Response[bytes]:
        """Give the traits of a profile, by name."""
        document = await api.document(external)
        wanted = None if include is None else set(include.split(","))
        known = [
            (name, value)
            for name, value in sorted(document["attributes"].items())
            if wanted is None or name in wanted
        ]
        page, rest = _page(known, limit, after)
        more = _metadata(document) if verbose else {}
        return json_answer({"traits": dict(page), **more, **_cursor(request, limit, rest)})

    @get("/events")
    async def events(
        request: AnyRequest,
        external: External,
        limit: Limit = 10,
        after: Next = None,
        verbose: Verbose = False,  # noqa: FBT002 - a flag of the query
    ) -> Response[bytes]:
        """List the events of a profile, newest first."""
        page = await api.events(external, limit, after)
        told = [_event(activity, verbose=verbose) for activity in page["activities"]]
        return json_answer({"data": told, **_cursor(request, limit, page["next"])})

    @get("/external_ids")
    async def external_ids(
        request: AnyRequest, external: External, limit: Limit = 10, after: Next = None
    ) -> Response[bytes]:
        """List the ids of a profile: its user id, then its anonymous ids."""
        page, rest = _page(_ids(await api.document(external)), limit, after)
        return json_answer({"data": page, **_cursor(request, limit, rest)})

    @get("/links")
    async def links(
        request: AnyRequest, external: External, limit: Limit = 10, after: Next = None
    ) -> Response[bytes]:
        """List the groups of a profile as linked accounts."""
        groups = (await api.document(external))["attributes"].get("groups", [])
        linked = [_link(group) for group in groups if isinstance(group, str)]
        page, rest = _page(linked, limit, after)
        return json_answer({"data": page, **_cursor(request, limit, rest)})

    @get("/metadata")
    async def metadata(request: AnyRequest, external: External) -> Response[bytes]:
        """Tell since when a profile is known."""
        document = await api.document(external)
        return json_answer({**_metadata(document), **_cursor(request, 1, None)})

    return Router(
        "/v1/spaces/{space:str}/collections/users/profiles/{external:str}",
        route_handlers=[traits, events, external_ids, links, metadata],
        guards=[BasicOrBearerGuard(credentials)],
        exception_handlers={Exception: _problem},
        security=[{"token": []}],
    )


def _who(external: str) -> tuple[Kind, str]:
    named, colon, value = unquote(external).partition(":")
    kind = KINDS.get(named)
    if kind is None or not colon:
        raise UnknownProfile("user_id:... or anonymous_id:...", unquote(external))
    return kind, id_in_path(kind, quote(value, safe=""))


def _page(items: Sequence[Any], limit: int, after: str | None) -> tuple[Sequence[Any], str | None]:
    """Cut a page out of a list that is known as a whole."""
    [start] = [0] if after is None else read_cursor(after, "profile", int)
    end = int(start) + limit
    return items[int(start) : end], cursor("profile", end) if end < len(items) else None


def _cursor(request: AnyRequest, limit: int, rest: str | None) -> dict[str, Any]:
    path = request.scope["path"]
    return {
        "cursor": {
            "url": f"{path}?limit={limit}" + (f"&next={quote(rest, safe='')}" if rest else ""),
            "has_more": rest is not None,
            "next": rest or "",
            "limit": limit,
        }
    }


def _event(activity: dict[str, Any], *, verbose: bool) -> dict[str, Any]:
    kind = TYPES.get(activity["name"], "track")
    told = {
        "type": kind,
        "message_id": activity["message_id"],
        "source_id": activity["source"],
        "timestamp": activity["occurred_at"],
        "properties": activity["properties"],
        **({"event": activity["name"]} if kind == "track" else {}),
    }
    if verbose:
        told |= {"context": activity["context"], "received_at": activity["recorded_at"]}
        told["external_ids"] = (
            [] if activity["uid"] is None else [_id("anonymous_id", activity["uid"])]
        )
    return told


def _ids(document: Document) -> list[dict[str, str]]:
    named = [_id("user_id", document["cid"])] if document["kind"] == "customer" else []
    return named + [_id("anonymous_id", uid) for uid in document["uids"]]


def _id(kind: str, value: str) -> dict[str, str]:
    return {"id": value, "type": kind, "collection": "users", "encoding": "none"}


def _link(group: str) -> dict[str, Any]:
    account = {"id": group, "type": "group_id", "collection": "accounts", "encoding": "none"}
    return {"to_collection": "accounts", "external_ids": [account]}


def _metadata(document: Document) -> dict[str, Any]:
    seen = {"created_at": document["first_seen"], "updated_at": document["last_seen"]}
    return {"metadata": {**seen, "expires_at": None}}


def _problem(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Say what went wrong in Segment's shape."""
    found = explained(error, request.method, request.scope["path"])
    told = {"error": {"code": found.problem.code, "message": found.problem.message}}
    return Response(told, status_code=found.status, headers=found.headers)
