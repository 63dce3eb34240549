"""`onefold config`: every setting and where it comes from."""

import os

import msgspec
from rich.table import Table

from service.cli.console import (
    AsJson,
    ConfigFile,
    app,
    out,
    print_json,
)
from service.config import explain


@app.command()
def config(config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Show every setting and where it comes from; secrets are hidden."""
    settings = explain(config, os.environ, {})
    if as_json:
        print_json(msgspec.to_builtins(settings))
        return
    table = Table("setting", "value", "from")
    for setting in settings:
        table.add_row(setting.name, setting.value, setting.origin)
    out.print(table)
