"""`onefold import`."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

from service.cli.console import AsJson, ConfigFile, Data, app, configured, err, out, print_json
from service.credentials import mint_write_key
from service.importing import Imported, import_files, total_bytes
from service.keys import WRITE_KEY

SHOWN = 20

Files = Annotated[
    list[Path], typer.Argument(help="JSONL, one call a line; .gz too.", exists=True, dir_okay=False)
]
Url = Annotated[
    str | None, typer.Option(help="A running Onefold; default: one started on the data folder.")
]


@app.command(name="import")
def import_command(  # noqa: PLR0917 - one option each
    files: Files,
    url: Url = None,
    write_key: Annotated[str | None, typer.Option(envvar=WRITE_KEY, help="For --url.")] = None,
    config: ConfigFile = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Import Segment-style calls. Importing a file again changes nothing.

    Exit code 1 when lines were not taken; they are listed.
    """
    if url is not None and write_key is None:
        raise typer.BadParameter(
            "--url needs the deployment's --write-key", param_hint="--write-key"
        )
    with _server(url, write_key, config, data) as (address, key):
        imported = _with_bar(files, address, key)
    _report(imported, as_json=as_json)
    raise typer.Exit(1 if imported.bad else 0)


@contextmanager
def _server(
    url: str | None, write_key: str | None, config: Path | None, data: Path | None
) -> Iterator[tuple[str, str]]:
    """Give a server's address and key: the named one, or one of our own meanwhile."""
    if url is not None and write_key is not None:
        yield url, write_key
        return
    from service.bootstrap import running  # noqa: PLC0415 - seconds that `--url` saves

    settings = configured(config, data=data, host="127.0.0.1", port=0)
    key = os.environ.setdefault(WRITE_KEY, mint_write_key())
    with running(settings, os.environ) as deployment:
        yield deployment.url, key


def _with_bar(files: list[Path], url: str, key: str) -> Imported:
    columns = (BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*Progress.get_default_columns()[:1], *columns, console=err) as progress:
        task = progress.add_task("Importing", total=total_bytes(files))
        return asyncio.run(
            import_files(files, url, key, lambda count: progress.advance(task, count))
        )


def _report(imported: Imported, *, as_json: bool) -> None:
    if as_json:
        print_json(msgspec.to_builtins(imported))
        return
    out.print(f"{imported.sent:,} calls sent, {len(imported.bad):,} lines not taken.")
    for bad in imported.bad[:SHOWN]:
        out.print(f"  {bad.file}:{bad.line}: {bad.code}: {bad.message}", highlight=False)
    if len(imported.bad) > SHOWN:
        out.print(f"  … and {len(imported.bad) - SHOWN:,} more; --json lists them all")
