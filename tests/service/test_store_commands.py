"""`onefold store migrate | check | release`, on a file and on a database."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from scripts.postgres import Postgres
from service.cli import app, load
from store.errors import SchemaMissing, StoreMissing
from store.folder import prepare
from store.location import VARIABLE
from store.postgres.lock import KEY
from store.postgres.schema import VERSION
from tests.controls.databases import fresh_database

load("store")


@pytest.fixture
def address(postgres_server: Postgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a database with nothing in it; commands may change the environment."""
    monkeypatch.setenv(VARIABLE, "")
    with fresh_database(postgres_server, template="template1") as name:
        yield postgres_server.address(name)


def store(command: str, data: Path, name: str) -> Any:
    """Run a command that must succeed and give what it prints."""
    options = ["--data", str(data), "--store", name, "--json"]
    done = CliRunner().invoke(app, ["store", command, *options], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_a_database_is_migrated_checked_and_checked_again(address: str, tmp_path: Path) -> None:
    with pytest.raises(SchemaMissing):
        store("check", tmp_path, address)
    assert store("migrate", tmp_path, address) == {"store": address, "before": 0, "now": VERSION}
    assert store("migrate", tmp_path, address)["before"] == VERSION
    assert store("check", tmp_path, address) == {"store": address, "position": None}
    prepare(tmp_path, {VARIABLE: address}).backend.close()
    assert store("check", tmp_path, address) == {"store": address, "position": 0}


def test_a_file_is_made_and_checked_by_the_same_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "")
    with pytest.raises(StoreMissing):
        store("check", tmp_path / "data", "sqlite")
    made = store("migrate", tmp_path / "data", "sqlite")
    assert made["before"] == made["now"] > 0
    assert store("check", tmp_path / "data", "sqlite")["position"] == 0


def test_a_lost_deployment_is_released_by_name(address: str, tmp_path: Path) -> None:
    assert store("release", tmp_path, address)["released"] is None
    with psycopg.connect(address, autocommit=True) as lost:
        lost.execute("SET application_name = 'onefold on elsewhere, pid 7'")
        lost.execute("SELECT pg_advisory_lock(%s, %s)", KEY)
        released = store("release", tmp_path, address)["released"]
        assert released.startswith("onefold on elsewhere, pid 7, since ")
        with pytest.raises(psycopg.OperationalError):
            lost.execute("SELECT 1")
