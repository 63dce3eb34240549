"""Finds the views of a deployment: where its log is."""

from collections.abc import Mapping
from pathlib import Path

from store.location import address_in
from store.views.database import ViewDatabase
from store.views.sqlite import FILE, ViewFile


def open_views(folder: Path, environ: Mapping[str, str]) -> ViewDatabase:
    """Open the views of a data folder, or those beside the log in the environment's database."""
    address = address_in(environ)
    if address is None:
        return views_in(folder)
    from store.views.postgres import ViewSchema  # noqa: PLC0415 - only who has a PostgreSQL pays for it

    return ViewDatabase(ViewSchema(address))


def views_in(folder: Path) -> ViewDatabase:
    """Open the views in a file of a folder, wherever the log is."""
    return ViewDatabase(ViewFile(folder / FILE))
