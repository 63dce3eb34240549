"""`onefold profiles find`, before there is anything to find."""

from pathlib import Path

from typer.testing import CliRunner

from service.cli import app, load
from store.views.errors import ViewsMissing

load("profiles")


def test_a_filter_that_makes_no_sense_is_refused(tmp_path: Path) -> None:
    told = CliRunner().invoke(app, ["profiles", "find", "--data", str(tmp_path), "--filter={"])
    assert told.exit_code == 2
    assert "a JSON object" in told.output


def test_without_views_it_says_how_to_make_them(tmp_path: Path) -> None:
    told = CliRunner().invoke(app, ["profiles", "find", "--data", str(tmp_path)])
    assert isinstance(told.exception, ViewsMissing)
