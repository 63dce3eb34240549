"""The HTTP side as one ASGI app over a `Desk`."""

from collections.abc import Callable

from litestar import Litestar, Router

from domain.instants import Instant
from service.boot import boot_routes
from service.clock import clock
from service.config import Config
from service.credentials import Admission
from service.demo import WithDemo, demo_routes
from service.desk import Desk
from service.front import HANDLERS, front
from service.health import health_routes
from service.history import history_routes
from service.ingest import Ingest, ingest_routes
from service.lists import list_routes
from service.profile_api import profile_api_routes
from service.projections import projection_routes
from service.questions import Questions
from service.reads import Reads, read_routes
from service.schemas import openapi
from service.sdk import sdk_routes
from service.search import search_routes
from store.views.reader import Views


def build_app(
    desk: Desk,
    credentials: Admission,
    config: Config,
    now: Callable[[], Instant] = clock,
    views: Views | None = None,
) -> Litestar:
    """Build the app; nothing is shared between two of them. Without `views` it has none."""
    has_demo = config.demo != "off"
    if has_demo:
        credentials = WithDemo(credentials)
    ingest = Ingest(desk, credentials, config.wire_rules(), now)
    app = Litestar(
        route_handlers=[
            *ingest_routes(ingest),
            *boot_routes(credentials, config.public_url),
            *health_routes(desk),
            read_routes(Reads(desk), credentials),
            history_routes(desk, credentials),
            *sdk_routes(),
            *(demo_routes(desk, anywhere=config.demo == "anywhere") if has_demo else []),
            profile_api_routes(desk, credentials),
            *([] if views is None else _view_routes(desk, views, credentials, now)),
        ],
        exception_handlers=HANDLERS,
        openapi_config=openapi(),
        logging_config=None,
        request_max_body_size=None,
    )
    app.asgi_handler = front(app.asgi_handler, ingest)
    return app


def _view_routes(
    desk: Desk, views: Views, credentials: Admission, now: Callable[[], Instant]
) -> list[Router]:
    questions = Questions(views)
    return [
        projection_routes(desk, views, credentials),
        search_routes(questions, credentials, now),
        list_routes(questions, credentials),
    ]
