"""Whether a deployment can start here, and whether it has."""

import secrets
import socket
from contextlib import suppress
from time import monotonic, sleep

import httpx

from service.config import Config
from store.location import SQLITE

START_WITHIN = 60.0


class PortTaken(Exception):
    """Somebody listens on our port already."""

    def __init__(self, host: str, port: int, why: str) -> None:
        super().__init__(f"Expected port {port} of {host} to be free, but {why}; choose a --port")
        self.host = host
        self.port = port


class NotReady(Exception):
    """The deployment did not come up."""

    def __init__(self, url: str, why: str, within: float = START_WITHIN) -> None:
        super().__init__(f"Expected {url} to be ready within {within:.0f} s, but {why}")
        self.url = url


class NeedsDatabase(Exception):
    """The store is a file, and a cluster needs one that all nodes can reach."""

    def __init__(self) -> None:
        super().__init__(
            "Expected a postgresql:// store to join a Ray cluster with, "
            "found sqlite, which is a file of one machine"
        )


class OtherDeployment(Exception):
    """The cluster runs a deployment already, on another store."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(
            f"Expected no deployment in this cluster but one on {expected}, found one on {found}; "
            "`onefold cluster stop` ends it"
        )


def expect_database(config: Config) -> None:
    """Raise `NeedsDatabase` for a file."""
    if config.store == SQLITE:
        raise NeedsDatabase


def free_port(host: str, port: int) -> int:
    """Give the port, or for 0 any free one; raises `PortTaken`."""
    if not port:
        # Below those that the kernel gives to others before our gateway binds it.
        for candidate in secrets.SystemRandom().sample(range(20_000, 32_000), 100):
            with suppress(PortTaken):
                return free_port(host, candidate)
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
