"""The command line: serve, import, profile, projections, sources, store, backup, audit, ...

`onefold --help` lists them all.
"""

import sys
from importlib import import_module

from actors.errors import ClusterUnreachable, RayNotStarted, SupervisorSilent
from service.cli.console import app, err
from service.config import ConfigError
from service.importing import ImportFailed
from service.readiness import NeedsDatabase, NotReady, OtherDeployment, PortTaken
from service.sources import SourceError
from store.errors import StoreError

__all__ = ["app", "load", "main"]

INTERRUPTED = 130
"""The exit code that shells give a program ended by Ctrl-C."""

FORESEEN = (
    ClusterUnreachable,
    ConfigError,
    ImportFailed,
    NeedsDatabase,
    NotReady,
    OtherDeployment,
    PortTaken,
    RayNotStarted,
    SourceError,
    StoreError,
    SupervisorSilent,
)

COMMANDS = {
    "serve": "server",
    "cluster": "cluster",
    "import": "importer",
    "profile": "profiles",
    "profiles": "find",
    "projections": "projections",
    "store": "store",
    "sources": "sources",
    "audit": "audit",
    "backup": "backup",
    "config": "configuration",
    "doctor": "diagnosis",
}
"""Each command, and the module here that has it."""


def load(command: str = "") -> None:
    """Import one command, for each brings along what it works with; all for any other word."""
    chosen = [COMMANDS[command]] if command in COMMANDS else dict.fromkeys(COMMANDS.values())
    for module in chosen:
        import_module(f"service.cli.{module}")


def main() -> None:
    """Run a command; every foreseen error is one sentence on standard error and exit code 1."""
    load(*sys.argv[1:2])
    try:
        app()
    except FORESEEN as error:
        err.print(f"[bold red]onefold:[/] {error}", soft_wrap=True, highlight=False)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
