"""The gateway as a Ray actor: our ASGI app on uvicorn, on a thread with a loop of its own."""

import socket
from threading import Event, Thread

import msgspec
import structlog
import uvicorn

from actors.infos import GatewayInfo, Terms, standing
from actors.logs import configure_logs
from actors.placement import Placement
from service.config import Config
from service.serving import Serving, serving
from store.errors import StoreError

GRACE = 10
"""Seconds that requests in flight get to finish."""

AGAIN_AFTER = 0.5
"""Seconds until a gateway that could not serve tries again, whatever hindered it."""

log = structlog.get_logger()


class GatewaySettings(msgspec.Struct, frozen=True):
    """What a gateway needs to know to start; no secrets, Ray keeps this.

    `address` is that of its node.
    """

    config: Config
    terms: Terms
    address: str


class GatewayShell:
    """Serves HTTP from its constructor on, so that a restart by Ray serves again."""

    def __init__(self, settings: GatewaySettings) -> None:
        configure_logs()
        self._settings = settings
        self._server: uvicorn.Server | None = None
        self._serving: Serving | None = None
        self._problem: str | None = None
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="http", daemon=True)
        self._thread.start()

    def info(self) -> GatewayInfo:
        """Tell whether it serves, and where."""
        server, serving, config = self._server, self._serving, self._settings.config
        is_serving = server is not None and server.started and serving is not None
        return GatewayInfo(
            standing=standing(self._settings.terms, self._problem),
            url=url_of(config, self._settings.address),
            port=config.port,
            is_serving=is_serving,
            placement=0 if serving is None else serving.router.placement.version,
        )

    def assign(self, placement: Placement) -> None:
        """Route by this placement from the next call on."""
        if self._serving is not None:
            self._serving.router.tell(placement)

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
                self._problem = str(error)
                log.warning("the gateway could not serve", why=self._problem)
            except Exception as error:
                self._problem = f"{type(error).__name__}: {error}"
                log.exception("the gateway stumbled")
            self._stopping.wait(AGAIN_AFTER)

    def _serve(self) -> None:
        config = self._settings.config
        with (
            serving(config, self._settings.terms) as self._serving,
            shared_port(config.host, config.port) as listener,
        ):
            self._problem = None
            self._server = uvicorn.Server(
                uvicorn.Config(
                    self._serving.app,
                    loop="uvloop",
                    http="httptools",
                    lifespan="off",
                    access_log=False,
                    log_level="warning",
                    timeout_graceful_shutdown=GRACE,
                )
            )
            self._server.run(sockets=[listener])


def url_of(config: Config, address: str) -> str:
    """Tell where a gateway on a node of that address is reached."""
    host = address if config.host in {"0.0.0.0", "::"} else config.host  # noqa: S104 - compared, not bound
    return f"http://[{host}]:{config.port}" if ":" in host else f"http://{host}:{config.port}"


def shared_port(host: str, port: int) -> socket.socket:
    """Listen on a port that several gateways of one node may share."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind((host, port))
    return listener
