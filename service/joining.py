"""Joining a Ray cluster: whose deployment is there, its supervisor, and waiting for gateways."""

from collections.abc import Mapping
from time import monotonic, sleep
from urllib.parse import urlsplit

import msgspec

from actors.cluster import deployment_status, start_supervisor
from actors.infos import own_node
from actors.status import Status
from service.blueprint import FromConfig, needs
from service.config import Config
from service.readiness import NotReady, OtherDeployment, wait_until_ready

START_WITHIN = 120.0
"""Seconds for the first gateway and all hosts, imports on busy machines included."""


def running_here(config: Config) -> str | None:
    """Identify the deployment that this cluster runs; raises `OtherDeployment`."""
    status = deployment_status()
    if status is None:
        return None
    if status.store != config.store:
        raise OtherDeployment(config.store, status.store)
    return status.deployment


def renew_supervisor(
    config: Config, environ: Mapping[str, str], now: Status, away_from: str | None = None
) -> None:
    """Put a supervisor of our code and configuration in the place of the one that runs.

    It goes to a usable node, best ours, with `away_from` not to that one. The gateways keep their
    ports.
    """
    ports = [port for gateway in now.gateways if (port := urlsplit(gateway.url or "").port)]
    port = min(ports, default=config.port)
    chosen = msgspec.structs.replace(config.without_password(), port=port)
    start_supervisor(FromConfig(chosen, now.deployment, needs(environ)), seat(now, away_from))


def seat(now: Status | None, away_from: str | None = None) -> str | None:
    """Choose the supervisor's node: ours unless another one is usable and ours is not."""
    nodes = [] if now is None else now.nodes
    usable = [node.id for node in nodes if node.state == "usable" and node.id != away_from]
    return None if own_node() in usable else next(iter(usable), None)


def wait_for_gateways() -> tuple[str, ...]:
    """Give the addresses of the gateways, once one of them is ready and the others have started.

    Raises `NotReady` with what the members say.
    """
    give_up = monotonic() + START_WITHIN
    status: Status | None = None
    while monotonic() < give_up:
        status = deployment_status()
        if status is not None and _has_started(status):
            urls = tuple(g.url for g in status.gateways if g.is_serving and g.url)
            wait_until_ready(urls[0])
            return urls
        sleep(0.2)
    why = "; ".join(_problems(status)) or "no gateway serves"
    raise NotReady("the deployment", why, START_WITHIN)


def _has_started(status: Status) -> bool:
    """Tell whether somebody serves, and everybody else does too or says why not."""
    return any(gateway.is_serving for gateway in status.gateways) and all(
        gateway.is_serving or gateway.problem for gateway in status.gateways
    )


def _problems(status: Status | None) -> list[str]:
    if status is None:
        return ["no supervisor answers"]
    members = [*status.hosts, *status.gateways, *status.projectors]
    told = [f"{member.name}: {member.problem}" for member in members if member.problem]
    told += [f"{member.name} has not answered yet" for member in members if member.pid is None]
    return [status.problem, *told] if status.problem else told
