"""`onefold profile show | history | explain | identities`: straight from the store."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from actors.people import events_of, find_person, find_profile, folded_from
from domain.document import document
from domain.errors import BadTimestamp, UnknownAttribute
from domain.explain import explain
from domain.history import told
from domain.identities import identities
from domain.person import Person, Then
from service.cli.console import AsJson, ConfigFile, Data, app, configured, err, out, print_json
from service.moments import then_of
from store.archive import Store
from store.folder import open_store

profile_app = typer.Typer(no_args_is_help=True, help="Look at one profile, server up or down.")
app.add_typer(profile_app, name="profile")

Who = Annotated[str, typer.Argument(help="customer:CID or visitor:UID")]
AsOf = Annotated[
    str | None, typer.Option("--as-of", help="RFC 3339: from the calls that had occurred by then.")
]
AsKnownAt = Annotated[
    str | None, typer.Option("--as-known-at", help="RFC 3339: from what was recorded by then.")
]


@profile_app.command()
def show(  # noqa: PLR0917 - one option each
    who: Who,
    as_of: AsOf = None,
    as_known_at: AsKnownAt = None,
    config: ConfigFile = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Show a profile, as it is now or as it was."""
    with _person(who, _then(as_of, as_known_at), config, data) as (person, _):
        kind, _, value = who.partition(":")
        _print(document(person.profile, folded_from(person.profile, kind, value)), as_json=as_json)


@profile_app.command()
def history(
    who: Who, config: ConfigFile = None, data: Data = None, as_json: AsJson = False
) -> None:
    """List every event of a profile and of the visitors folded into it, in order."""
    kind, value = named(who)
    with opened(config, data) as store:
        profile = find_profile(store, kind, value)
        if profile is None:
            raise unknown(kind, value)
        for event in told(profile, events_of(store, profile)):
            if as_json:
                print_json(event)
            else:
                _print_event(event)


@profile_app.command(name="explain")
def explain_command(  # noqa: PLR0917 - one option each
    who: Who,
    attribute: Annotated[str, typer.Argument(help="The attribute's name.")],
    as_of: AsOf = None,
    as_known_at: AsKnownAt = None,
    config: ConfigFile = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Tell which call set an attribute, how it came here, and which values it beat."""
    with _person(who, _then(as_of, as_known_at), config, data) as (person, store):
        try:
            _print(explain(person, attribute, store.policies), as_json=as_json)
        except UnknownAttribute as error:
            err.print(str(error), highlight=False, markup=False)
            raise typer.Exit(1) from None


@profile_app.command(name="identities")
def identities_command(  # noqa: PLR0917 - one option each
    who: Who,
    as_of: AsOf = None,
    as_known_at: AsKnownAt = None,
    config: ConfigFile = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Tell why these UIDs are one person: since when, by which rule, by which call."""
    with _person(who, _then(as_of, as_known_at), config, data) as (person, _):
        _print(identities(person), as_json=as_json)


def _print(answer: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(answer)
    else:
        out.print_json(data=answer)


def _print_event(event: dict[str, Any]) -> None:
    head = ("position", "profile_id", "stream", "version", "event", "occurred_at")
    rest = {name: value for name, value in event.items() if name not in head and value}
    out.print(
        f"[dim]{event['position']:>8}[/] {event['occurred_at']} [bold]{event['event']}[/] ", end=""
    )
    out.print(f"{event['stream']}@{event['version']}", style="dim", highlight=False, markup=False)
    out.print(f"         {rest}", soft_wrap=True, markup=False)


def _then(as_of: str | None, as_known_at: str | None) -> Then:
    try:
        return then_of(as_of, as_known_at)
    except BadTimestamp as error:
        raise typer.BadParameter(str(error)) from None


@contextmanager
def _person(
    who: str, then: Then, config: Path | None, data: Path | None
) -> Iterator[tuple[Person, Store]]:
    kind, value = named(who)
    with opened(config, data) as store:
        person = find_person(store, kind, value, then)
        if person is None:
            raise unknown(kind, value)
        yield person, store


@contextmanager
def opened(config: Path | None, data: Path | None) -> Iterator[Store]:
    """Open the store for as long as the block runs."""
    settings = configured(config, data=data)
    store = open_store(settings.data, os.environ, settings.synchronous, settings.policies)
    try:
        yield store
    finally:
        store.backend.close()


def named(who: str) -> tuple[str, str]:
    """Read `customer:CID` or `visitor:UID`; a usage error otherwise."""
    kind, colon, value = who.partition(":")
    if kind not in {"customer", "visitor"} or not colon or not value:
        raise typer.BadParameter(f"Expected customer:CID or visitor:UID, got {who!r}")
    return kind, value


def unknown(kind: str, value: str) -> typer.Exit:
    """Say that there is no such profile, and give the exit code to raise."""
    err.print(f"There is no {kind} {value!r} there and then.", highlight=False, markup=False)
    return typer.Exit(1)
