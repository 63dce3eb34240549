"""`onefold cluster status | scale | drain | upgrade | stop`: a deployment in a Ray cluster."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic, sleep
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from service.cli.cluster_tables import show
from service.cli.console import (
    AsJson,
    ConfigFile,
    Data,
    RayAddress,
    StoreName,
    app,
    configured,
    err,
    out,
    print_json,
)
from service.config import Config

if TYPE_CHECKING:  # importing Ray takes seconds, and what it reads must be set before
    from actors.agreed import Desired
    from actors.status import Status

WAIT = 300.0
"""Seconds to wait for a change before saying how far it got."""

LOOK_EVERY = 0.5

cluster_app = typer.Typer(no_args_is_help=True, help="Look at and change a running deployment.")
app.add_typer(cluster_app, name="cluster")

NoWait = Annotated[bool, typer.Option("--no-wait", help="Return at once; status shows the rest.")]


@cluster_app.command()
def status(
    config: ConfigFile = None,
    data: Data = None,
    store: StoreName = None,
    ray_address: RayAddress = None,
    as_json: AsJson = False,
) -> None:
    """Show nodes, hosts, gateways and projectors, and what troubles them."""
    settings = configured(config, data=data, store=store, ray_address=ray_address or "auto")
    with _joined(settings):
        _shown(_status(), as_json=as_json)


@cluster_app.command()
def scale(  # noqa: PLR0917 - one option each
    hosts: Annotated[int, typer.Argument(min=1, max=256, help="How many profile hosts.")],
    config: ConfigFile = None,
    data: Data = None,
    store: StoreName = None,
    ray_address: RayAddress = None,
    no_wait: NoWait = False,
    as_json: AsJson = False,
) -> None:
    """Have so many hosts, spread over the nodes; slots move while calls go on."""
    settings = configured(config, data=data, store=store, ray_address=ray_address or "auto")
    with _joined(settings):
        _wish(settings, lambda desired: msgspec.structs.replace(desired, hosts=hosts))
        is_done = lambda now: len(now.hosts) == hosts and all(h.slots for h in now.hosts)  # noqa: E731 - named where it is read
        _shown(_awaited(is_done, no_wait=no_wait), as_json=as_json)


@cluster_app.command()
def drain(  # noqa: PLR0917 - one option each
    node: Annotated[str, typer.Argument(help="The node's address, or the first of its id.")],
    undo: Annotated[bool, typer.Option("--undo", help="Let it be used again.")] = False,
    config: ConfigFile = None,
    data: Data = None,
    store: StoreName = None,
    ray_address: RayAddress = None,
    no_wait: NoWait = False,
    as_json: AsJson = False,
) -> None:
    """Move everything off a node, so that it can be ended."""
    settings = configured(config, data=data, store=store, ray_address=ray_address or "auto")
    with _joined(settings):
        now = _status()
        chosen = _node(node, now)

        def leaving(desired: "Desired") -> "Desired":
            others = tuple(other for other in desired.leaving if other != chosen)
            return msgspec.structs.replace(desired, leaving=others if undo else (*others, chosen))

        _wish(settings, leaving)
        if now.supervisor.node == chosen and not undo:
            _renew_supervisor(settings, away_from=chosen)
        _shown(
            _awaited(lambda now: undo or _is_empty(chosen, now), no_wait=no_wait), as_json=as_json
        )


@cluster_app.command()
def upgrade(  # noqa: PLR0917 - one option each
    config: ConfigFile = None,
    data: Data = None,
    store: StoreName = None,
    ray_address: RayAddress = None,
    no_wait: NoWait = False,
    as_json: AsJson = False,
) -> None:
    """Replace every member by one of the code and settings of now, while calls go on."""
    settings = configured(config, data=data, store=store, ray_address=ray_address or "auto")
    with _joined(settings):
        before = _status()
        _renew_supervisor(settings)
        wanted = _wish(settings, lambda d: msgspec.structs.replace(d, round=d.round + 1)).round
        names = {member.name for member in before.projectors}

        def is_done(now: "Status") -> bool:
            members = [*now.hosts, *now.gateways, *now.projectors]
            return {p.name for p in now.projectors} == names and all(
                member.round == wanted for member in members
            )

        _shown(_awaited(is_done, no_wait=no_wait), as_json=as_json)


@cluster_app.command()
def stop(
    config: ConfigFile = None,
    data: Data = None,
    store: StoreName = None,
    ray_address: RayAddress = None,
    as_json: AsJson = False,
) -> None:
    """End the deployment; requests in flight are finished first. The cluster goes on."""
    settings = configured(config, data=data, store=store, ray_address=ray_address or "auto")
    with _joined(settings):
        from actors.cluster import stop_deployment  # noqa: PLC0415 - see above

        stop_deployment()
    if as_json:
        print_json({"stopped": True})
    else:
        out.print("The deployment has ended.")


@contextmanager
def _joined(settings: Config) -> Iterator[None]:
    from actors.cluster import joined_ray  # noqa: PLC0415 - see above
    from actors.logs import configure_logs  # noqa: PLC0415 - see above

    configure_logs()
    with joined_ray(settings.ray_address):
        yield


def _status() -> "Status":
    from actors.cluster import deployment_status  # noqa: PLC0415 - see above

    found = deployment_status()
    if found is None:
        err.print("[bold red]onefold:[/] Expected a deployment in this cluster, found none")
        raise typer.Exit(1)
    return found


def _wish(settings: Config, change: "Callable[[Desired], Desired]") -> "Desired":
    from actors.agreed import Agreed, Desired  # noqa: PLC0415 - see above
    from store.folder import open_store  # noqa: PLC0415 - see above

    opened = open_store(settings.data, os.environ, settings.synchronous, settings.policies)
    try:
        return Agreed(opened.backend).wish(lambda now: change(now or Desired(settings.hosts)))
    finally:
        opened.backend.close()


def _renew_supervisor(settings: Config, away_from: str | None = None) -> None:
    """Start a supervisor of this code and these settings in the place of the one that runs."""
    from service.joining import renew_supervisor  # noqa: PLC0415 - see above

    renew_supervisor(settings, os.environ, _status(), away_from)


def _awaited(is_done: "Callable[[Status], bool]", *, no_wait: bool) -> "Status":
    """Wait until a change is done and nothing moves; exit code 1 if that takes too long."""
    give_up = monotonic() + WAIT
    while True:
        found = _status()
        if no_wait or (is_done(found) and found.is_settled):
            return found
        if monotonic() > give_up:
            show(found, err)
            err.print("It is not done yet; it goes on, see `onefold cluster status`.")
            raise typer.Exit(1)
        sleep(LOOK_EVERY)


def _node(text: str, now: "Status") -> str:
    found = [n.id for n in now.nodes if n.address == text or n.id.startswith(text)]
    if len(found) != 1:
        known = ", ".join(f"{node.id[:8]} ({node.address})" for node in now.nodes)
        raise typer.BadParameter(f"Expected one node of {known}, got {text!r}", param_hint="NODE")
    return found[0]


def _is_empty(node: str, now: "Status") -> bool:
    members = [*now.hosts, *now.gateways, *now.projectors]
    return all(place.node != node for place in members) and now.supervisor.node != node


def _shown(found: Any, *, as_json: bool) -> None:
    if as_json:
        print_json(msgspec.to_builtins(found))
    else:
        show(found, out)
