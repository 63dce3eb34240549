"""The command line: serve, import, profile, projections, sources, store, backup, audit, ...

`onefold --help` lists them all.
"""

import sys

from actors.errors import ClusterUnreachable, SupervisorSilent
from service.cli import (
    audit,
    backup,
    cluster,
    configuration,
    find,
    importer,
    profiles,
    projections,
    server,
    sources,
    store,
)
from service.cli.console import app, err
from service.config import ConfigError
from service.importing import ImportFailed
from service.readiness import NeedsDatabase, NotReady, OtherDeployment, PortTaken
from service.sources import SourceError
from store.errors import StoreError

__all__ = ["app", "main"]

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
    SourceError,
    StoreError,
    SupervisorSilent,
)

_COMMANDS = (
    server,
    cluster,
    importer,
    profiles,
    find,
    projections,
    store,
    sources,
    audit,
    backup,
    configuration,
)


def main() -> None:
    """Run a command; every foreseen error is one sentence on standard error and exit code 1."""
    try:
        app()
    except FORESEEN as error:
        err.print(f"[bold red]onefold:[/] {error}", soft_wrap=True, highlight=False)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
