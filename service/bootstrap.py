"""The composition root: the one place that knows every concrete class."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from time import monotonic, sleep

import httpx
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
from store.folder import FolderLock, prepare

GATEWAY = "gateway"
START_WITHIN = 60.0
STOP_WITHIN = 30.0


class Running(msgspec.Struct, frozen=True):
    """A deployment that answers at `url`."""

    url: str
    keys: Keys


class PortTaken(Exception):
    """Somebody listens on our port already."""

    def __init__(self, host: str, port: int, why: str) -> None:
        super().__init__(f"Expected port {port} of {host} to be free, but {why}; choose a --port")
        self.host = host
        self.port = port


class NotReady(Exception):
    """The deployment did not come up."""

    def __init__(self, url: str, why: str) -> None:
        super().__init__(f"Expected {url} to be ready within {START_WITHIN:.0f} s, but {why}")
        self.url = url


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


def free_port(host: str, port: int) -> int:
    """Give the port, or for 0 any free one; raises `PortTaken`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as error:
            raise PortTaken(host, port, error.strerror or str(error)) from error
        found: int = probe.getsockname()[1]
        return found


def wait_until_ready(url: str) -> None:
    """Return when the deployment says that it is ready."""
    give_up = monotonic() + START_WITHIN
    why = "nothing answered"
    while monotonic() < give_up:
        with suppress(httpx.TransportError):
            response = httpx.get(f"{url}/readyz", timeout=5)
            if response.is_success:
                return
            why = f"it answered {response.status_code}: {response.text[:200]}"
        sleep(0.05)
    raise NotReady(url, why)


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
        with suppress(ray.exceptions.RayError):
            ray.get(supervisor.stop.remote(), timeout=STOP_WITHIN)
            gateway = ray.get_actor(GATEWAY, NAMESPACE)
            ray.get(gateway.stop.remote(), timeout=STOP_WITHIN)


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
