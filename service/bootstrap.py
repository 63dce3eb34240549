"""The composition root: the one place that knows every concrete class."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import msgspec

from actors.cluster import NAMESPACE, local_ray, start_supervisor
from actors.configured_ray import ray
from actors.logs import configure_logs
from actors.shells import HostSettings, HostShell
from actors.slots import host_name
from actors.supervisor import Member
from service.config import Config
from service.gateway import GatewaySettings, GatewayShell
from service.keys import Keys, issue_keys
from service.readiness import free_port, wait_until_ready
from store.folder import FolderLock, prepare

GATEWAY = "gateway"
STOP_WITHIN = 30.0


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
    lock = FolderLock(config.data)
    try:
        keys = _prepared(config, environ)
        config = msgspec.structs.replace(config, port=free_port(config.host, config.port))
        with local_ray(cpus=config.hosts + 2), _supervised(config):
            url = f"http://{config.host}:{config.port}"
            wait_until_ready(url)
            yield Running(url, keys)
    finally:
        lock.release()


def _prepared(config: Config, environ: Mapping[str, str]) -> Keys:
    store = prepare(config.data, environ, config.synchronous, config.policies)
    try:
        return issue_keys(store, environ)
    finally:
        store.backend.close()


@contextmanager
def _supervised(config: Config) -> Iterator[None]:
    supervisor = start_supervisor(_members(config))
    try:
        yield
    finally:
        _stop(supervisor, [GATEWAY, *(host_name(number) for number in range(config.hosts))])


def _stop(supervisor: Any, names: list[str]) -> None:
    """Stop the supervisor, then the gateway, then the hosts: what is under way is finished."""
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
            ),
        )
        for number in range(config.hosts)
    ]
    return [*hosts, Member(GATEWAY, GatewayShell, GatewaySettings(config, NAMESPACE))]
