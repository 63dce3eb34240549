"""`onefold sources`: who sends calls, with which keys; works with the server up or down."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from service.cli.console import (
    AsJson,
    ConfigFile,
    Data,
    StoreName,
    app,
    configured,
    out,
    print_json,
)
from service.clock import clock
from service.register import Register
from service.sources import Kind
from store.folder import open_store

sources_app = typer.Typer(no_args_is_help=True, help="Sources: the sites, servers and apps.")
app.add_typer(sources_app, name="sources")

Name = Annotated[str, typer.Argument(help="The source's name.", show_default=False)]


@sources_app.command(name="add")
def add_source(  # noqa: PLR0917 - one option each
    name: Name,
    kind: Annotated[Kind, typer.Option(help="What it is.")] = "web",
    config: ConfigFile = None,
    data: Data = None,
    store: StoreName = None,
    as_json: AsJson = False,
) -> None:
    """Add a source and show its write key: this once, it is kept as a hash."""
    with _register(config, data, store) as register:
        _show_key(name, register.add(name, kind), as_json=as_json)


@sources_app.command(name="list")
def list_sources(
    config: ConfigFile = None, data: Data = None, store: StoreName = None, as_json: AsJson = False
) -> None:
    """List every source, the ids of its keys, and how many calls came from it."""
    with _register(config, data, store) as register:
        listed = register.listed()
    if as_json:
        print_json(msgspec.to_builtins(listed))
        return
    table = Table("source", "kind", "state", "keys", "received", "rejected", "made at")
    for source in listed:
        table.add_row(
            source.name,
            source.kind,
            "[green]enabled[/]" if source.enabled else "[red]disabled[/]",
            ", ".join(source.keys) or "none",
            f"{source.received:,}",
            f"{source.rejected:,}",
            source.made_at or "before 0.2",
        )
    out.print(table)


@sources_app.command(name="disable")
def disable_source(
    name: Name,
    config: ConfigFile = None,
    data: Data = None,
    store: StoreName = None,
    as_json: AsJson = False,
) -> None:
    """Take no more calls from a source: they are answered 404 within seconds."""
    _switch(name, config, data, store, is_enabled=False, as_json=as_json)


@sources_app.command(name="enable")
def enable_source(
    name: Name,
    config: ConfigFile = None,
    data: Data = None,
    store: StoreName = None,
    as_json: AsJson = False,
) -> None:
    """Take calls from a source again."""
    _switch(name, config, data, store, is_enabled=True, as_json=as_json)


@sources_app.command(name="key")
def key_of_source(
    name: Name,
    config: ConfigFile = None,
    data: Data = None,
    store: StoreName = None,
    as_json: AsJson = False,
) -> None:
    """Give a source one more write key and show it; the others stay good."""
    with _register(config, data, store) as register:
        _show_key(name, register.new_key(name), as_json=as_json)


@sources_app.command(name="revoke")
def revoke_key(  # noqa: PLR0917 - one option each
    name: Name,
    key: Annotated[str, typer.Argument(help="The key's id as `list` shows it, or the key.")],
    config: ConfigFile = None,
    data: Data = None,
    store: StoreName = None,
    as_json: AsJson = False,
) -> None:
    """Make a write key worthless; calls with it are answered 401 within seconds."""
    with _register(config, data, store) as register:
        revoked = register.revoke(name, key)
    if as_json:
        print_json({"source": name, "revoked": revoked})
    else:
        out.print(f"Key {revoked} of source {name} is revoked.", highlight=False)


@contextmanager
def _register(config: Path | None, data: Path | None, store: str | None) -> Iterator[Register]:
    settings = configured(config, data=data, store=store)
    opened = open_store(settings.data, os.environ, settings.synchronous, settings.policies)
    try:
        yield Register(opened, clock)
    finally:
        opened.backend.close()


def _switch(
    name: str,
    config: Path | None,
    data: Path | None,
    store: str | None,
    *,
    is_enabled: bool,
    as_json: bool,
) -> None:
    with _register(config, data, store) as register:
        register.switch(name, is_enabled=is_enabled)
    if as_json:
        print_json({"source": name, "enabled": is_enabled})
    else:
        out.print(f"Source {name} is {'enabled' if is_enabled else 'disabled'}.", highlight=False)


def _show_key(name: str, key: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"source": name, "write_key": key})
        return
    out.print(f"Write key of source {name}: [bold]{key}[/]", highlight=False, soft_wrap=True)
    out.print("Keep it: it is stored as a hash and not shown again.")
