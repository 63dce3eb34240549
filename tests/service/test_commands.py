"""Commands are found by their names, whichever of them are loaded."""

from typer.main import get_command

from service.cli import COMMANDS, app, load


def test_every_command_is_where_it_is_looked_for() -> None:
    load()
    found = getattr(get_command(app), "commands", {})
    assert set(found) == set(COMMANDS)
