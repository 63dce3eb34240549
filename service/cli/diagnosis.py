"""`onefold doctor`: what could be wrong."""

import os

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
from service.doctor import examine

MARKS = {"ok": "[green]ok[/]", "warning": "[yellow]warning[/]", "problem": "[bold red]problem[/]"}


@app.command()
def doctor(
    config: ConfigFile = None, data: Data = None, store: StoreName = None, as_json: AsJson = False
) -> None:
    """Look for what could be wrong. Exit code 1 when something is."""
    findings = list(examine(configured(config, data=data, store=store), os.environ))
    if as_json:
        print_json(msgspec.to_builtins(findings))
    else:
        table = Table("", "checked", "found")
        for finding in findings:
            table.add_row(MARKS[finding.level], finding.checked, finding.found)
        out.print(table)
    raise typer.Exit(1 if any(finding.level == "problem" for finding in findings) else 0)
