"""The same app as a Ray Serve deployment, for who runs Serve already: `service.serve_app:app`.

Hosts and projectors stay what they are, put into the cluster by `onefold serve`; replicas are
further gateways, made and balanced by Serve. They read their configuration from the environment
of their node (and `onefold.toml` in its current folder), as everything in a cluster does.
"""

import os
from contextlib import ExitStack
from time import sleep

import structlog
from litestar import Litestar

from actors.configured_ray import ray  # noqa: F401 - sets Ray up
from actors.errors import NodeLacks
from actors.infos import Terms
from actors.logs import configure_logs
from service.blueprint import needs
from service.config import Config, load_config
from service.serving import Serving, serving
from store.errors import StoreError

from ray import serve  # isort: skip - Ray's settings first, see configured_ray

NAME = "gateway"

ONGOING = 1_000
"""Requests under way in one replica: Serve's default is 5, and lanes know when to say 429."""

GRACE = 20.0
"""Seconds that requests in flight get when a replica is stopped."""

PAUSE = 0.5
"""Seconds before a replica that could not start tries again."""

log = structlog.get_logger()


@serve.deployment(
    name=NAME,
    num_replicas=2,
    max_ongoing_requests=ONGOING,
    graceful_shutdown_timeout_s=GRACE,
    ray_actor_options={"num_cpus": 0},  # cores are counted by the hosts
)
@serve.ingress()
class Replica:
    """One gateway among several, behind Serve's proxies."""

    def __init__(self) -> None:
        configure_logs()
        config = load_config(None, os.environ, {}).without_password()
        terms = Terms(NAME, needs=needs(os.environ))
        self._closing = ExitStack()
        self._serving = _opened(config, terms, self._closing)

    def __serve_build_asgi_app__(self) -> Litestar:
        """Give Serve the app, once per replica."""
        return self._serving.app

    def __del__(self) -> None:
        """Let go of store and views when Serve stops the replica."""
        self._closing.close()


def _opened(config: Config, terms: Terms, closing: ExitStack) -> Serving:
    """Wait for the deployment and its store: Serve gives up after three failed starts a replica.

    Raises `NodeLacks`, which waiting does not cure.
    """
    while True:
        try:
            return closing.enter_context(serving(config, terms))
        except NodeLacks:
            raise
        except StoreError as error:
            log.warning("the replica could not serve", why=str(error))
            sleep(PAUSE)


app = Replica.bind()  # type: ignore[attr-defined]  # the type is lost in `ingress`
