"""What watches over processes asks: are you there, can you take calls."""

from litestar import get
from litestar.handlers import HTTPRouteHandler

from service.answers import Health, Problem
from service.desk import Desk
from service.problems import NotReady
from service.schemas import described


def health_routes(desk: Desk) -> list[HTTPRouteHandler]:
    """Give the addresses for probes; they need no key."""

    @get("/healthz")
    async def healthz() -> Health:
        """Answer as long as this process lives."""
        return Health()

    @get("/readyz", responses={503: described(Problem, "Not yet, or not now")})
    async def readyz() -> Health:
        """Answer 200 when calls can be taken, else 503."""
        if not await desk.ready():
            raise NotReady
        return Health()

    return [healthz, readyz]
