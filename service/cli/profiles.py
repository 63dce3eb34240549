"""`onefold profile show` and `onefold profile history`: straight from the store."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from actors.reading import events_of, find_profile
from domain.document import document
from domain.history import entry
from domain.identifiers import Uid
from domain.profile import Profile
from service.cli.console import AsJson, ConfigFile, Data, app, configured, err, out, print_json
from store.archive import Store
from store.folder import open_store

profile_app = typer.Typer(no_args_is_help=True, help="Look at one profile, server up or down.")
app.add_typer(profile_app, name="profile")

Who = Annotated[str, typer.Argument(help="customer:CID or visitor:UID")]


@profile_app.command()
def show(who: Who, config: ConfigFile = None, data: Data = None, as_json: AsJson = False) -> None:
    """Show a profile as it is now."""
    _, profile = _found(who, config, data)
    kind, _, value = who.partition(":")
    folded = Uid(value) if kind == "visitor" and profile.cid is not None else None
    shown = document(profile, folded)
    if as_json:
        print_json(shown)
    else:
        out.print_json(data=shown)


@profile_app.command()
def history(
    who: Who, config: ConfigFile = None, data: Data = None, as_json: AsJson = False
) -> None:
    """List every event of a profile and of the visitors folded into it, in order."""
    store, profile = _found(who, config, data)
    for position, recorded in events_of(store, profile):
        told = entry(position, recorded)
        if as_json:
            print_json(told)
        else:
            _print_event(told)


def _print_event(told: dict[str, Any]) -> None:
    head = ("position", "profile_id", "version", "event", "occurred_at")
    rest = {name: value for name, value in told.items() if name not in head and value}
    out.print(
        f"[dim]{told['position']:>8}[/] {told['occurred_at']} [bold]{told['event']}[/] "
        f"[dim]{told['profile_id']}@{told['version']}[/]",
        highlight=False,
    )
    out.print(f"         {rest}", soft_wrap=True, markup=False)


def _found(who: str, config: Path | None, data: Path | None) -> tuple[Store, Profile]:
    kind, colon, value = who.partition(":")
    if kind not in {"customer", "visitor"} or not colon or not value:
        raise typer.BadParameter(f"Expected customer:CID or visitor:UID, got {who!r}")
    settings = configured(config, data=data)
    store = open_store(settings.data, os.environ, settings.synchronous, settings.policies)
    profile = find_profile(store, kind, value)
    if profile is None:
        err.print(f"There is no {kind} {value!r} in {settings.data}.", highlight=False)
        raise typer.Exit(1)
    return store, profile
