"""The composition root: starts a deployment on a Ray of its own, or in a cluster that runs."""

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from uuid import uuid4

import msgspec
import structlog

from actors.agreed import Agreed, Desired
from actors.cluster import (
    deployment_status,
    joined_ray,
    local_ray,
    start_supervisor,
    stop_deployment,
)
from actors.logs import configure_logs
from service.blueprint import FromConfig, needs
from service.clock import clock
from service.config import Config
from service.joining import running_here, seat, wait_for_gateways
from service.keys import Keys, issue_keys
from service.readiness import expect_database, free_port, wait_until_ready
from service.sealing import sealing
from service.settings import service_links
from store.errors import DatabaseInUse
from store.folder import FolderLock, prepare
from store.location import only_deployment

log = structlog.get_logger()


class Running(msgspec.Struct, frozen=True):
    """A deployment that answers at `url`, and at every one of `urls`."""

    url: str
    keys: Keys
    urls: tuple[str, ...] = ()


@contextmanager
def running(
    config: Config, environ: Mapping[str, str], hosts: int | None = None
) -> Iterator[Running]:
    """Run a deployment for as long as the block runs; in a cluster it goes on afterwards.

    `hosts` is their number if somebody named one for this start: a cluster keeps its own else.
    Raises `StoreError` for a store that cannot be used, `PortTaken`, `NotReady`,
    `RayNotStarted`, `ClusterUnreachable`, `NeedsDatabase`, `OtherDeployment`. Requests in flight
    are finished before anything ends.
    """
    configure_logs()
    links = service_links(environ)
    if links:
        log.warning("variables of Kubernetes services are ignored", names=links)
    if config.ray_address:
        with _in_cluster(config, environ, hosts) as deployment:
            yield deployment
    else:
        with _on_this_machine(config, environ) as deployment:
            yield deployment


@contextmanager
def _on_this_machine(config: Config, environ: Mapping[str, str]) -> Iterator[Running]:
    lock = FolderLock(config.data)
    try:
        with only_deployment(environ, _give_way):
            keys = _prepared(config, environ, config.hosts)
            config = msgspec.structs.replace(config, port=free_port(config.host, config.port))
            blueprint = FromConfig(config.without_password())
            with (
                local_ray(cpus=config.hosts + 2),
                _supervised(blueprint),
                sealing(config.data, environ),
            ):
                url = f"http://{config.host}:{config.port}"
                wait_until_ready(url)
                yield Running(url, keys, (url,))
    finally:
        lock.release()


@contextmanager
def _supervised(blueprint: FromConfig) -> Iterator[None]:
    start_supervisor(blueprint)
    try:
        yield
    finally:
        stop_deployment()


@contextmanager
def _in_cluster(config: Config, environ: Mapping[str, str], hosts: int | None) -> Iterator[Running]:
    expect_database(config)
    with joined_ray(config.ray_address):
        keys, deployment = _prepared_for_cluster(config, environ, hosts)
        port = config.port or free_port(config.host, 0)
        config = msgspec.structs.replace(config.without_password(), port=port)
        blueprint = FromConfig(config, deployment, needs(environ))
        start_supervisor(blueprint, seat(deployment_status()))
        urls = wait_for_gateways()
        with sealing(config.data, environ):
            yield Running(urls[0], keys, urls)


def _prepared_for_cluster(
    config: Config, environ: Mapping[str, str], hosts: int | None
) -> tuple[Keys, str]:
    """Make sure that the database is this deployment's, or nobody's yet, and give the id."""
    here = running_here(config.without_password())
    with ExitStack() as held:
        if here is None or here != _owner(config, environ):
            here = uuid4().hex
            held.enter_context(only_deployment(environ, _give_way))
        return _prepared(config, environ, hosts, here), here


def _owner(config: Config, environ: Mapping[str, str]) -> str | None:
    store = prepare(config.data, environ, config.synchronous, config.policies)
    try:
        return Agreed(store.backend).deployment()
    finally:
        store.backend.close()


def _give_way(error: DatabaseInUse) -> None:
    """End as on SIGTERM: another deployment took the database while its server was away."""
    log.error("the database was taken by another deployment", why=str(error))
    os.kill(os.getpid(), signal.SIGTERM)


def _prepared(
    config: Config, environ: Mapping[str, str], hosts: int | None, deployment: str = ""
) -> Keys:
    """Make what the store must hold before anybody starts: keys, and how many hosts to have."""
    store = prepare(config.data, environ, config.synchronous, config.policies)

    def wanted(before: Desired | None) -> Desired:
        if before is None:
            return Desired(hosts or config.hosts)
        return msgspec.structs.replace(before, hosts=hosts or before.hosts)

    try:
        agreed = Agreed(store.backend)
        agreed.wish(wanted)
        agreed.belong_to(deployment)
        return issue_keys(store, environ, clock())
    finally:
        store.backend.close()
