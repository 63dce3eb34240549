"""The HTTP side as one ASGI app over a `Desk`."""

from collections.abc import Callable
from time import time_ns

from litestar import Litestar

from domain.instants import Instant
from service.config import Config
from service.credentials import Credentials
from service.desk import Desk
from service.front import HANDLERS, front
from service.health import health_routes
from service.ingest import Ingest, ingest_routes
from service.reads import Reads, read_routes
from service.schemas import openapi


def clock() -> Instant:
    """Give the current moment."""
    return time_ns() // 1_000


def build_app(
    desk: Desk, credentials: Credentials, config: Config, now: Callable[[], Instant] = clock
) -> Litestar:
    """Build the app; nothing is shared between two of them."""
    ingest = Ingest(desk, credentials, config.wire_rules(), now)
    app = Litestar(
        route_handlers=[
            *ingest_routes(ingest),
            *health_routes(desk),
            read_routes(Reads(desk), credentials),
        ],
        exception_handlers=HANDLERS,
        openapi_config=openapi(),
        logging_config=None,
        request_max_body_size=None,
    )
    app.asgi_handler = front(app.asgi_handler, ingest)
    return app
