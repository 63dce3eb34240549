"""`onefold serve`."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType
from typing import Annotated

import typer

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
from service.keys import Keys
from store.location import SQLITE

STOPPING = "Stopping: requests in flight are finished first …"
LEAVING = "Leaving; the deployment goes on in its cluster. `onefold cluster stop` ends it."


@app.command()
def serve(  # noqa: PLR0917 - one option each
    config: ConfigFile = None,
    data: Data = None,
    store: StoreName = None,
    ray_address: RayAddress = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0: any free one.")] = None,
    hosts: Annotated[int | None, typer.Option(help="Profile hosts, about one a core.")] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Also a demo shop, at /demo.")] = False,
    demo_anywhere: Annotated[
        bool, typer.Option("--demo-anywhere", help="The shop on any host: it reads profiles.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Take calls and answer reads, until Ctrl-C or SIGTERM; in a cluster also after that."""
    shop = "anywhere" if demo_anywhere else "loopback" if demo else None
    settings = configured(
        config,
        data=data,
        store=store,
        ray_address=ray_address,
        host=host,
        port=port,
        hosts=hosts,
        demo=shop,
    )
    if not as_json:
        where = settings.data if settings.store == SQLITE else settings.store
        err.print(f"Starting Onefold on {where} …", highlight=False)
    from service.bootstrap import running  # noqa: PLC0415 - seconds that other commands save

    # Ray sets its own handlers while it starts: ours come after.
    with running(settings, os.environ, hosts) as deployment, _until_signal() as signalled:
        _announce(deployment.urls, deployment.keys, as_json=as_json)
        if settings.demo != "off" and not as_json:
            out.print(f"Demo shop: [bold]{deployment.url}/demo[/]", highlight=False)
        signalled.wait()
        err.print(LEAVING if settings.ray_address else STOPPING)


@contextmanager
def _until_signal() -> Iterator[Event]:
    """Set an event on SIGINT or SIGTERM instead of dying in the middle."""
    signalled = Event()

    def note(_signal: int, _frame: FrameType | None) -> None:
        signalled.set()

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield signalled
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _announce(urls: tuple[str, ...], keys: Keys, *, as_json: bool) -> None:
    if as_json:
        shown = {"write_key": keys.write_key, "api_token": keys.api_token}
        print_json({"url": urls[0], "urls": urls, **shown})
        return
    out.print(f"Onefold is ready at [bold]{'[/], [bold]'.join(urls)}[/]", highlight=False)
    if keys.write_key is not None:
        out.print(f"Write key (for SDKs):   [bold]{keys.write_key}[/]", highlight=False)
    if keys.api_token is not None:
        out.print(f"API token (for reads):  [bold]{keys.api_token}[/]", highlight=False)
    if keys.write_key or keys.api_token:
        out.print("Keep them: they are stored as hashes and not shown again.")
