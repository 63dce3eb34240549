"""How the views get on: `GET /api/v1/projections`."""

import asyncio
from typing import Any

import msgspec
from litestar import MediaType, Response, Router, get

from service.credentials import Admission
from service.desk import Desk
from service.reads import TokenGuard
from service.schemas import COUNTERS, problems
from store.views.reader import Views, ViewStatus


def projection_routes(desk: Desk, views: Views, credentials: Admission) -> Router:
    """Give the address under which the state of the views is read."""

    @get("/projections", responses=problems(list[ViewStatus], *COUNTERS))
    async def projections() -> Response[bytes]:
        """List every generation of every view: version, state, position, lag, rate, parked."""
        position = (await desk.stats())["position"]
        told: list[Any] = await asyncio.to_thread(views.status, position)
        return Response(msgspec.json.encode(told), media_type=MediaType.JSON)

    return Router(
        "/api/v1",
        route_handlers=[projections],
        guards=[TokenGuard(credentials)],
        security=[{"token": []}],
    )
