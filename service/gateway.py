"""The gateway as a Ray actor: our ASGI app on uvicorn, on a thread with a loop of its own."""

import os
import socket
from contextlib import closing
from threading import Event, Thread

import msgspec
import structlog
import uvicorn

from actors.lane import LaneLimits
from actors.logs import configure_logs
from actors.reading import Reading
from actors.refs import RayHostRef
from actors.router import Router
from actors.slots import host_name
from projections import projections
from service.access import followed
from service.app import build_app
from service.config import Config
from service.keys import credentials_in_force
from store.errors import StoreError
from store.folder import open_store
from store.views.reader import Views

GRACE = 10
"""Seconds that requests in flight get to finish."""

log = structlog.get_logger()


class GatewaySettings(msgspec.Struct, frozen=True):
    """What a gateway needs to know to start; no secrets, Ray keeps this."""

    config: Config
    namespace: str


class GatewayInfo(msgspec.Struct, frozen=True):
    """What a gateway tells about itself."""

    pid: int
    is_serving: bool


class GatewayShell:
    """Serves HTTP from its constructor on, so that a restart by Ray serves again."""

    def __init__(self, settings: GatewaySettings) -> None:
        configure_logs()
        self._settings = settings
        self._server: uvicorn.Server | None = None
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="http", daemon=True)
        self._thread.start()

    def info(self) -> GatewayInfo:
        """Tell whether it serves."""
        server = self._server
        return GatewayInfo(os.getpid(), server is not None and server.started)

    def stop(self) -> None:
        """Take no new requests, finish those in flight."""
        self._stopping.set()
        if self._server is not None:
            self._server.should_exit = True
        self._thread.join(GRACE + 1)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._serve()
            except (StoreError, OSError) as error:
                log.warning("the gateway could not serve", why=str(error))
                self._stopping.wait(0.5)

    def _serve(self) -> None:
        settings = self._settings
        config = settings.config
        store = open_store(config.data, os.environ, config.synchronous, config.policies)
        router = Router(
            [RayHostRef(host_name(n), settings.namespace) for n in range(config.hosts)],
            Reading(store),
            LaneLimits(config.batch, config.queue, config.retry_for),
        )
        versions = {p.name: p.version for p in projections(config.policies)}
        with (
            closing(Views(config.data, versions)) as views,
            followed(lambda: credentials_in_force(store, os.environ)) as access,
            shared_port(config.host, config.port) as listener,
        ):
            self._server = uvicorn.Server(
                uvicorn.Config(
                    build_app(router, access, config, views=views),
                    loop="uvloop",
                    http="httptools",
                    lifespan="off",
                    access_log=False,
                    log_level="warning",
                    timeout_graceful_shutdown=GRACE,
                )
            )
            self._server.run(sockets=[listener])


def shared_port(host: str, port: int) -> socket.socket:
    """Listen on a port that several gateways of one node may share."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind((host, port))
    return listener
