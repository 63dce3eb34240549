"""`onefold projections`: straight on the data folder, server up or down."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Annotated, Any

import msgspec
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from actors.logs import configure_logs
from actors.parking import retry as retry_parked
from actors.ports import Projection
from actors.rebuilding import Tell
from actors.rebuilding import drop_old as drop_old_generations
from actors.rebuilding import rebuild as rebuild_view
from actors.rebuilding import switch as switch_view
from actors.replaying import Site
from actors.verifying import Verified
from actors.verifying import verify as verify_view
from projections import projections
from service.cli.console import (
    AsJson,
    ConfigFile,
    Data,
    StoreName,
    app,
    configured,
    err,
    out,
    print_json,
)
from service.config import Config
from store.folder import open_store
from store.views.errors import UnknownView
from store.views.opening import open_views
from store.views.reader import Views, ViewStatus

projections_app = typer.Typer(no_args_is_help=True, help="The views that are made of the log.")
app.add_typer(projections_app, name="projections")


@projections_app.callback()
def views() -> None:
    """The views that are made of the log."""  # noqa: D401 - what the group is called in the help
    configure_logs()


Name = Annotated[str, typer.Argument(help="A view; see `list`.")]
Names = Annotated[list[str] | None, typer.Argument(help="Views; default: all of them.")]
Workers = Annotated[int, typer.Option(min=1, help="Processes that replay side by side.")]
Clean = Annotated[bool, typer.Option("--clean", help="Begin anew; drop an interrupted rebuild.")]

WORKERS = os.cpu_count() or 1

SHOWN = ("name", "state", "generation", "position", "lag", "rate", "parked")
"""What fits on a terminal of 80 columns; the rest is told beneath, and all of it by `--json`."""


@projections_app.command("list")
def list_command(
    config: ConfigFile = None,
    data: Data = None,
    store: StoreName = None,
    as_json: AsJson = False,
) -> None:
    """List the projections of this Onefold and their versions."""
    settings = configured(config, data=data, store=store)
    known = [{"name": p.name, "version": p.version} for p in projections(settings.policies)]
    if as_json:
        print_json(known)
        return
    for row in known:
        out.print(f"{row['name']} (version {row['version']})", highlight=False)


@projections_app.command()
def status(
    config: ConfigFile = None,
    data: Data = None,
    store: StoreName = None,
    as_json: AsJson = False,
) -> None:
    """Show every generation: state, position, lag, rate, parked streams."""
    settings = configured(config, data=data, store=store)
    found = view_status(settings)
    if as_json:
        print_json(msgspec.to_builtins(found))
        return
    table = Table(*SHOWN)
    for row in found:
        told = [getattr(row, name) for name in SHOWN]
        table.add_row(*("-" if value is None else _shown(value) for value in told))
    out.print(table)
    for row in found:
        if row.trouble is not None:
            out.print(f"[red]{row.name}: {row.trouble}[/]", highlight=False)
        if row.state == "live" and row.code not in {None, row.version}:
            out.print(
                f"[yellow]{row.name}: made by version {row.version}, this Onefold has "
                f"{row.code}: `onefold projections rebuild {row.name}`[/]"
            )


@projections_app.command()
def rebuild(  # noqa: PLR0917 - one option each
    names: Names = None,
    workers: Workers = WORKERS,
    clean: Clean = False,
    config: ConfigFile = None,
    data: Data = None,
    store: StoreName = None,
    as_json: AsJson = False,
) -> None:
    """Make views anew beside the live ones, then switch; goes on with an interrupted rebuild."""
    settings = configured(config, data=data, store=store)
    for projection in _chosen(settings, names):
        with _bar(projection.name) as tell:
            done = rebuild_view(
                _site(settings), projection, workers=workers, tell=tell, is_clean=clean
            )
        _say(
            msgspec.to_builtins(done),
            f"{done.name}: generation {done.generation} is live at position {done.position:,}",
            as_json=as_json,
        )


@projections_app.command()
def switch(
    name: Name,
    config: ConfigFile = None,
    data: Data = None,
    store: StoreName = None,
    as_json: AsJson = False,
) -> None:
    """Go back to the generation before; it catches up first."""
    settings = configured(config, data=data, store=store)
    (projection,) = _chosen(settings, [name])
    with _bar(name) as tell:
        live = switch_view(_site(settings), projection, tell)
    _say(
        {"name": name, "generation": live.number},
        f"{name}: generation {live.number} is live",
        as_json=as_json,
    )


@projections_app.command("drop-old")
def drop_old(
    names: Names = None,
    config: ConfigFile = None,
    data: Data = None,
    store: StoreName = None,
    as_json: AsJson = False,
) -> None:
    """Drop the generations that are not live; there is no going back to them then."""
    settings = configured(config, data=data, store=store)
    for projection in _chosen(settings, names):
        dropped = [g.number for g in drop_old_generations(_site(settings), projection)]
        _say(
            {"name": projection.name, "dropped": dropped},
            f"{projection.name}: dropped {dropped or 'nothing'}",
            as_json=as_json,
        )


@projections_app.command()
def verify(  # noqa: PLR0917 - one option each
    names: Names = None,
    workers: Workers = WORKERS,
    config: ConfigFile = None,
    data: Data = None,
    store: StoreName = None,
    as_json: AsJson = False,
) -> None:
    """Replay views beside the live ones and compare row by row. Exit code 1 at a difference."""
    settings = configured(config, data=data, store=store)
    is_same = True
    for projection in _chosen(settings, names):
        with _bar(projection.name) as tell:
            found = verify_view(_site(settings), projection, workers=workers, tell=tell)
        is_same = is_same and found.comparison.difference is None
        _say(_as_json(found), _told(found), as_json=as_json)
    raise typer.Exit(0 if is_same else 1)


@projections_app.command()
def retry(
    name: Name,
    config: ConfigFile = None,
    data: Data = None,
    store: StoreName = None,
    as_json: AsJson = False,
) -> None:
    """Fold parked streams again. Exit code 1 when some stay parked."""
    settings = configured(config, data=data, store=store)
    (projection,) = _chosen(settings, [name])
    retried = retry_parked(_site(settings), projection)
    parked = "".join(
        f"\n  {letter.stream}@{letter.version} ({letter.topic}): {letter.error}"
        for letter in retried.parked
    )
    _say(
        msgspec.to_builtins(retried),
        f"{name}: {retried.folded:,} streams go on, {len(retried.parked):,} stay parked{parked}",
        as_json=as_json,
    )
    raise typer.Exit(1 if retried.parked else 0)


def view_status(settings: Config) -> list[ViewStatus]:
    """Read how the views of a data folder get on."""
    store = open_store(settings.data, os.environ, settings.synchronous, settings.policies)
    with closing(store.backend):
        position = store.backend.position()
    versions = {p.name: p.version for p in projections(settings.policies)}
    with closing(Views(open_views(settings.data, os.environ), versions)) as views:
        return views.status(position)


def _chosen(settings: Config, names: list[str] | None) -> list[Projection]:
    known: dict[str, Projection] = {p.name: p for p in projections(settings.policies)}
    for name in names or ():
        if name not in known:
            raise UnknownView(name, sorted(known))
    return [known[name] for name in names or known]


def _site(settings: Config) -> Site:
    return Site(settings.data, settings.synchronous, settings.policies)


@contextmanager
def _bar(name: str) -> Iterator[Tell]:
    """Show how far it is on standard error: events, rate, time that is left."""
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]} events/s"))
    with Progress(
        TextColumn("{task.description}"), *columns, TimeRemainingColumn(), console=err
    ) as progress:
        task = progress.add_task(name, total=None, rate="-")

        def tell(doing: str, done: int, total: int) -> None:
            speed = progress.tasks[0].speed
            progress.update(
                task,
                description=f"{name}: {doing}",
                completed=done,
                total=total,
                rate="-" if speed is None else f"{speed:,.0f}",
            )

        yield tell


def _say(value: Any, text: str, *, as_json: bool) -> None:
    if as_json:
        print_json(value)
    else:
        out.print(text, highlight=False, markup=False, soft_wrap=True)


def _told(found: Verified) -> str:
    comparison = found.comparison
    head = f"{found.name}: {comparison.rows:,} rows at position {found.position:,}"
    if comparison.difference is None:
        return f"{head} are what the log says, digest {comparison.live}"
    return f"{head} differ from the log, first in {comparison.difference}"


def _as_json(found: Verified) -> Any:
    comparison = found.comparison
    return {
        "name": found.name,
        "generation": found.generation,
        "position": found.position,
        "rows": comparison.rows,
        "digest": comparison.live,
        "replayed": comparison.replayed,
        "difference": None if comparison.difference is None else str(comparison.difference),
    }


def _shown(value: object) -> str:
    return f"{value:,}" if isinstance(value, int | float) else str(value)
