"""The ASGI app with all that it needs, wherever it is to be served: hosts, store, views, keys."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Event, Thread

import msgspec
import structlog
from litestar import Litestar

from actors.agreed import Agreed
from actors.infos import Terms, expect_environment
from actors.lane import LaneLimits
from actors.members import NAMESPACE
from actors.placement import Placement
from actors.reading import Reading
from actors.refs import RayHostRef
from actors.router import Router
from projections import projections
from service.access import followed
from service.app import build_app
from service.config import Config
from service.keys import credentials_in_force
from service.wire.clients import load_patterns
from store.errors import StoreError, StoreUnavailable
from store.folder import open_store
from store.views.opening import open_views
from store.views.reader import Views

LOOK_AGAIN = 5.0
"""Seconds after which the placement is read again, should nobody have told of a new one."""

log = structlog.get_logger()


class Serving(msgspec.Struct, frozen=True):
    """The app, and the router it sends calls through."""

    app: Litestar
    router: Router


@contextmanager
def serving(config: Config, terms: Terms) -> Iterator[Serving]:
    """Give the app for as long as the block runs.

    Raises `StoreError`; `StoreUnavailable` while no placement has been agreed on.
    """
    expect_environment(terms)
    load_patterns()
    with ExitStack() as closing:
        store = open_store(config.data, os.environ, config.synchronous, config.policies)
        closing.callback(store.backend.close)
        agreed = Agreed(store.backend)
        router = Router(
            lambda name: RayHostRef(name, NAMESPACE),
            _placement(agreed),
            Reading(store),
            LaneLimits(config.batch, config.queue, config.retry_for),
        )
        closing.enter_context(_placement_followed(agreed.placement, router))
        access = closing.enter_context(followed(lambda: credentials_in_force(store, os.environ)))
        versions = {p.name: p.version for p in projections(config.policies)}
        views = Views(open_views(config.data, os.environ), versions)
        closing.callback(views.close)
        yield Serving(build_app(router, access, config, views=views), router)


def _placement(agreed: Agreed) -> Placement:
    placement = agreed.placement()
    if placement is None:
        raise StoreUnavailable("no placement has been agreed on yet")
    return placement


@contextmanager
def _placement_followed(
    read: Callable[[], Placement | None], router: Router, period: float = LOOK_AGAIN
) -> Iterator[None]:
    """Tell the router what was agreed on, for as long as the block runs."""
    stopped = Event()

    def follow() -> None:
        while not stopped.wait(period):
            try:
                router.tell(read() or router.placement)
            except StoreError as error:
                log.warning("the placement could not be read", why=str(error))

    thread = Thread(target=follow, name="placement", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()
