"""`onefold store migrate | check | release`: the store's tables, and who may work on them."""

import os
from contextlib import closing

import typer

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
from service.config import Config
from store.errors import StoreMissing
from store.folder import open_store, prepare
from store.location import address_in
from store.views.opening import open_views

store_app = typer.Typer(no_args_is_help=True, help="Make, migrate and check the store's tables.")
app.add_typer(store_app, name="store")


@store_app.command()
def migrate(
    config: ConfigFile = None, data: Data = None, store: StoreName = None, as_json: AsJson = False
) -> None:
    """Make the tables, or bring them to this version. Can be repeated, even by two at once."""
    settings = configured(config, data=data, store=store)
    before, now = _migrated(settings)
    if as_json:
        print_json({"store": _place(settings), "before": before, "now": now})
    elif before == now:
        out.print(f"{_place(settings)} has schema {now} already.", highlight=False)
    else:
        out.print(f"{_place(settings)}: schema {before} is now {now}.", highlight=False)


@store_app.command()
def check(
    config: ConfigFile = None, data: Data = None, store: StoreName = None, as_json: AsJson = False
) -> None:
    """Open the store as a host does, and change nothing. Exit code 1 when it cannot be used."""
    settings = configured(config, data=data, store=store)
    position = _position(settings)
    if as_json:
        print_json({"store": _place(settings), "position": position})
    elif position is None:
        out.print(f"{_place(settings)} is ready for its first start.", highlight=False)
    else:
        out.print(f"{_place(settings)} opens; log at position {position:,}.", highlight=False)


@store_app.command()
def release(
    config: ConfigFile = None, data: Data = None, store: StoreName = None, as_json: AsJson = False
) -> None:
    """Take a database from a deployment that is lost, so that another can start on it."""
    settings = configured(config, data=data, store=store)
    address = address_in(os.environ)
    if address is None:
        raise typer.BadParameter(
            "The lock of a data folder goes with its process", param_hint="store"
        )
    from store.postgres.lock import end_holder  # noqa: PLC0415 - only who has a PostgreSQL pays for it

    holder = end_holder(address)
    if as_json:
        print_json({"store": _place(settings), "released": holder})
    else:
        told = "Nobody held it." if holder is None else f"Taken from {holder}."
        out.print(told, highlight=False)


def _position(settings: Config) -> int | None:
    """Give the position of the log; None for tables that no deployment has used yet."""
    try:
        opened = open_store(settings.data, os.environ, settings.synchronous, settings.policies)
    except StoreMissing:
        if address_in(os.environ) is None:
            raise
        return None
    position = opened.backend.position()
    opened.backend.close()
    return position


def _migrated(settings: Config) -> tuple[int, int]:
    """Give the versions before and now; a file is of this version as soon as it is opened."""
    address = address_in(os.environ)
    if address is not None:
        from store.postgres import migrate as migrated  # noqa: PLC0415 - see `release`

        versions = migrated(address)
        with closing(open_views(settings.data, os.environ)) as views:
            views.create()
        return versions
    opened = prepare(settings.data, os.environ, settings.synchronous, settings.policies)
    version = int(opened.backend.get("schema") or 0)
    opened.backend.close()
    return version, version


def _place(settings: Config) -> str:
    return str(settings.data) if address_in(os.environ) is None else settings.store
