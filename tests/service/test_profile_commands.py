"""`onefold profile`: the same answers from the folder, with nothing running."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from domain.instants import rfc3339
from service.cli import app, load
from tests.actors.deployment import Deployment, send
from tests.controls.calls import identify, page
from tests.controls.times import day

load("profile")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    deployment = Deployment(tmp_path / "data")
    calls = (
        page(uid="u1", at=day(1)),
        identify("u1", "c1", at=day(3), attributes={"plan": "free"}),
        identify("u1", "c1", at=day(5), attributes={"plan": "pro"}),
    )
    send(deployment.hosts[0], *calls)
    deployment.close()
    return tmp_path / "data"


def run(folder: Path, *arguments: str, expect: int = 0) -> Any:
    """Run `onefold profile` and read what it prints as JSON lines."""
    told = CliRunner().invoke(app, ["profile", *arguments, "--data", str(folder), "--json"])
    assert told.exit_code == expect, told.output
    return [json.loads(line) for line in told.stdout.splitlines()]


def test_show_goes_back_in_time(folder: Path) -> None:
    [now] = run(folder, "show", "customer:c1")
    assert now["attributes"] == {"plan": "pro"}
    [before] = run(folder, "show", "customer:c1", "--as-of", rfc3339(day(4)))
    assert before["attributes"] == {"plan": "free"}
    [visitor] = run(folder, "show", "visitor:u1", "--as-of", rfc3339(day(2)))
    assert visitor["kind"] == "visitor"
    assert run(folder, "show", "customer:c1", "--as-known-at", "2020-01-01", expect=1) == []


def test_explain_and_identities_answer(folder: Path) -> None:
    [explained] = run(folder, "explain", "visitor:u1", "plan")
    assert [write["value"] for write in explained["beaten"]] == ["free"]
    [tied] = run(folder, "identities", "customer:c1")
    assert [each["uid"] for each in tied["uids"]] == ["u1"]
    assert run(folder, "explain", "customer:c1", "nothing", expect=1) == []


def test_history_names_the_stream_of_each_event(folder: Path) -> None:
    events = run(folder, "history", "customer:c1")
    assert [event["position"] for event in events] == list(range(1, 8))
    assert {event["stream"] for event in events} == {"visitor:u1", "customer:c1"}


def test_history_is_readable_without_json(folder: Path) -> None:
    told = CliRunner().invoke(app, ["profile", "history", "customer:c1", "--data", str(folder)])
    assert told.exit_code == 0
    assert "ActivityTracked visitor:u1@2" in told.stdout


@pytest.mark.parametrize(
    "bad", [("show", "c1"), ("show", "customer:"), ("show", "customer:c1", "--as-of", "yesterday")]
)
def test_what_cannot_be_meant_is_a_usage_error(folder: Path, bad: tuple[str, ...]) -> None:
    assert run(folder, *bad, expect=2) == []
