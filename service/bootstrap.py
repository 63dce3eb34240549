"""The composition root: the one place that knows every concrete class."""

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import msgspec
import structlog

from actors.cluster import NAMESPACE, local_ray, start_supervisor
from actors.configured_ray import ray
from actors.logs import configure_logs
from actors.projector_shell import ProjectorSettings, ProjectorShell
from actors.shells import HostSettings, HostShell
from actors.slots import host_name
from actors.supervisor import Member
from projections import projections
from service.app import clock
from service.config import Config
from service.gateway import GatewaySettings, GatewayShell
from service.keys import Keys, issue_keys
from service.readiness import free_port, wait_until_ready
from service.sealing import sealing
from service.settings import service_links
from store.errors import DatabaseInUse
from store.folder import FolderLock, changing, prepare
from store.location import only_deployment

GATEWAY = "gateway"
STOP_WITHIN = 30.0

log = structlog.get_logger()


class Running(msgspec.Struct, frozen=True):
    """A deployment that answers at `url`."""

    url: str
    keys: Keys


@contextmanager
def running(config: Config, environ: Mapping[str, str]) -> Iterator[Running]:
    """Run a whole deployment on this machine for as long as the block runs.

    Raises `StoreError` for a store that cannot be used, `PortTaken`, `NotReady`. When the block
    ends, requests in flight are finished first.
    """
    configure_logs()
    links = service_links(environ)
    if links:
        log.warning("variables of Kubernetes services are ignored", names=links)
    lock = FolderLock(config.data)
    try:
        with only_deployment(environ, _give_way):
            keys = _prepared(config, environ)
            config = msgspec.structs.replace(config, port=free_port(config.host, config.port))
            with (
                local_ray(cpus=config.hosts + 2),
                _supervised(config),
                sealing(config.data, environ),
            ):
                url = f"http://{config.host}:{config.port}"
                wait_until_ready(url)
                yield Running(url, keys)
    finally:
        lock.release()


def _give_way(error: DatabaseInUse) -> None:
    """End as on SIGTERM: another deployment took the database while its server was away."""
    log.error("the database was taken by another deployment", why=str(error))
    os.kill(os.getpid(), signal.SIGTERM)


def projector_names(config: Config) -> list[str]:
    """Name the projectors; no more of them than there are projections."""
    number = min(config.projectors, len(projections(config.policies)))
    return [f"projector-{n}" for n in range(number)]


def _projectors(config: Config) -> list[Member]:
    """Deal the projections out to the projectors."""
    all_of_them, names = projections(config.policies), projector_names(config)
    return [
        Member(
            name,
            ProjectorShell,
            ProjectorSettings(
                config.data.resolve(),
                all_of_them[number :: len(names)],
                config.synchronous,
                config.policies,
            ),
        )
        for number, name in enumerate(names)
    ]


def _prepared(config: Config, environ: Mapping[str, str]) -> Keys:
    store = prepare(config.data, environ, config.synchronous, config.policies)
    try:
        with changing(config.data):
            return issue_keys(store, environ, clock())
    finally:
        store.backend.close()


@contextmanager
def _supervised(config: Config) -> Iterator[None]:
    supervisor = start_supervisor(_members(config))
    try:
        yield
    finally:
        hosts = [host_name(number) for number in range(config.hosts)]
        _stop(supervisor, [GATEWAY, *hosts, *projector_names(config)])


def _stop(supervisor: Any, names: list[str]) -> None:
    """Stop the supervisor, then gateway, hosts, projectors: what is under way is finished."""
    with suppress(ray.exceptions.RayError):
        ray.get(supervisor.stop.remote(), timeout=STOP_WITHIN)
    for name in names:
        with suppress(ray.exceptions.RayError, ValueError):
            ray.get(ray.get_actor(name, NAMESPACE).stop.remote(), timeout=STOP_WITHIN)


def _members(config: Config) -> list[Member]:
    hosts = [
        Member(
            host_name(number),
            HostShell,
            HostSettings(
                config.data.resolve(),
                number,
                config.hosts,
                config.live_profiles,
                config.synchronous,
                config.policies,
                tuple(projector_names(config)),
            ),
        )
        for number in range(config.hosts)
    ]
    return [
        *hosts,
        *_projectors(config),
        Member(GATEWAY, GatewayShell, GatewaySettings(config.without_password(), NAMESPACE)),
    ]
