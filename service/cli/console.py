"""What all commands share: the app, the two consoles, the common options."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from service.config import Config, load_config
from store.location import VARIABLE as STORE

RAY = "ONEFOLD_RAY_ADDRESS"

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def onefold() -> None:
    """Event-sourced customer profiles on Ray."""


out = Console()
err = Console(stderr=True)

ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="A TOML file; default: onefold.toml if there.")
]
Data = Annotated[Path | None, typer.Option("--data", help="The data folder.")]
StoreName = Annotated[
    str | None, typer.Option("--store", help="sqlite, or postgresql://user@host:5432/name.")
]
RayAddress = Annotated[
    str | None,
    typer.Option("--ray-address", help="The Ray cluster to join: auto or host:port."),
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON, for programs.")]


def configured(file: Path | None, **flags: object) -> Config:
    """Read the configuration: flags before environment before file before defaults.

    The addresses of store and cluster go into the environment, for us and all that we start; the
    configuration keeps the store's without its password.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    config = load_config(file, os.environ, given)
    os.environ[STORE] = config.store
    os.environ[RAY] = config.ray_address  # before Ray is imported, for it reads how to enter
    return config.without_password()


def print_json(value: Any) -> None:
    """Write one line of JSON to standard output, at once."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()
