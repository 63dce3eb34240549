"""`onefold profiles find`: straight from the views, server up or down."""

import os
from contextlib import closing
from typing import Annotated, Any

import msgspec
import typer
from rich.table import Table

from projections import projections
from projections.queries.errors import BadQuery
from projections.queries.filters import EVERYTHING, parse_filter
from projections.queries.search import DEFAULT_SORT, MOST, Search, find, views_of
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
from service.clock import clock
from store.views.opening import open_views
from store.views.reader import Views

profiles_app = typer.Typer(no_args_is_help=True, help="Look for profiles, server up or down.")
app.add_typer(profiles_app, name="profiles")


@profiles_app.callback()
def profiles() -> None:
    """Look for profiles."""


@profiles_app.command(name="find")
def find_profiles(  # noqa: PLR0917 - one option each
    filter: Annotated[  # noqa: A002 - the option's name
        str | None, typer.Option(help='JSON, as for GET /api/v1/profiles: {"attribute": ...}.')
    ] = None,
    sort: Annotated[str, typer.Option(help="last_seen, first_seen, ...; -: down.")] = DEFAULT_SORT,
    limit: Annotated[int, typer.Option(min=1, max=MOST)] = 50,
    after: Annotated[str | None, typer.Option(help="The next of an earlier page.")] = None,
    count: Annotated[bool, typer.Option("--count", help="Count all of them.")] = False,
    config: ConfigFile = None,
    data: Data = None,
    store: StoreName = None,
    as_json: AsJson = False,
) -> None:
    """Find profiles by their attributes, times and activities."""
    settings = configured(config, data=data, store=store)
    versions = {each.name: each.version for each in projections(settings.policies)}
    try:
        tree = EVERYTHING if filter is None else parse_filter(filter)
        search = Search(tree, sort, limit, after, count)
        with closing(Views(open_views(settings.data, os.environ), versions)) as views:
            names = views_of(search)
            with views.reading(*names) as snapshot:
                found = find(snapshot, search, clock())
                position = min(map(snapshot.position, names))
    except (BadQuery, ValueError) as error:
        raise typer.BadParameter(str(error)) from error
    told = msgspec.json.decode(msgspec.json.encode(found)) | {"position": position}
    if as_json:
        print_json(told)
    else:
        _print(told)


def _print(told: dict[str, Any]) -> None:
    table = Table("kind", "id", "last seen", "activities", "attributes")
    for each in told["profiles"]:
        shown = ", ".join(f"{name}={value}" for name, value in each["attributes"].items())
        who = each.get("cid") or each.get("uid")
        seen = each["last_seen"] or "never"
        table.add_row(each["kind"], who, seen, str(each["activity_count"]), shown)
    out.print(table)
    if told["unknown_attributes"]:
        out.print(f"No profile has: {', '.join(told['unknown_attributes'])}", markup=False)
    if "count" in told:
        out.print(f"{told['count']:,} in all", highlight=False)
    if told["next"] is not None:
        out.print(f"More: --after {told['next']}", highlight=False, soft_wrap=True)
