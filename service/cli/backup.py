"""`onefold backup`."""

from pathlib import Path
from typing import Annotated

import typer

from service.cli.console import AsJson, ConfigFile, Data, app, configured, out, print_json
from store.backup import back_up
from store.location import is_postgres

Target = Annotated[Path, typer.Argument(help="The file to make; it must not exist.")]


@app.command()
def backup(
    file: Target, config: ConfigFile = None, data: Data = None, as_json: AsJson = False
) -> None:
    """Copy the store to one file, server up or down. The master key is not in it: keep it too."""
    settings = configured(config, data=data)
    if is_postgres(settings.store):
        raise typer.BadParameter(
            "the store is a PostgreSQL database: use pg_dump", param_hint="FILE"
        )
    size = back_up(settings.data, file.absolute())
    if as_json:
        print_json({"file": str(file.absolute()), "bytes": size})
    else:
        out.print(f"{file}: {size:,} bytes. Keep the master key too.", highlight=False)
