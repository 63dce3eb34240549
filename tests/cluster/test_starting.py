"""What a start refuses, and what it says: each a clear sentence and exit code 1."""

import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest

from store.folder import prepare
from tests.cluster.server import ONEFOLD, Server

pytestmark = pytest.mark.ray


def refused(data: Path, **environ: str) -> str:
    """Start a server that must not start, and give what it says."""
    done = subprocess.run(
        [*ONEFOLD, "serve", "--data", str(data), "--port", "0", "--json"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, **environ},
    )
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    return " ".join(done.stderr.split())


def test_a_second_process_on_the_same_folder_is_refused(server: Server) -> None:
    """The store is in use: said so, and the first one goes on."""
    assert "is in use by another Onefold" in refused(server.data)
    assert server.stats()["position"] >= 0


def test_a_missing_master_key_is_never_replaced(tmp_path: Path) -> None:
    """A store without its key: an error that names both places, and no new key."""
    prepare(tmp_path, {}).backend.close()
    (tmp_path / "master.key").unlink()
    assert "Expected the master key in" in refused(tmp_path)
    assert not (tmp_path / "master.key").exists()


def test_a_wrong_master_key_is_named(tmp_path: Path) -> None:
    """Another deployment's key does not open this store."""
    prepare(tmp_path / "a", {}).backend.close()
    prepare(tmp_path / "b", {}).backend.close()
    shutil.copy(tmp_path / "a" / "master.key", tmp_path / "b" / "master.key")
    assert "does not open this store" in refused(tmp_path / "b")


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    """A store of a later version stays untouched."""
    prepare(tmp_path, {}).backend.close()
    with sqlite3.connect(tmp_path / "onefold.db") as database:
        database.execute("UPDATE meta SET value = '99' WHERE name = 'schema'")
    database.close()
    assert "has schema 99, this Onefold knows" in refused(tmp_path)


def test_a_file_is_no_store_for_a_cluster(tmp_path: Path) -> None:
    """Said before anything is joined."""
    told = refused(tmp_path, ONEFOLD_RAY_ADDRESS="127.0.0.1:1")
    assert "Expected a postgresql:// store to join a Ray cluster with, found sqlite" in told


def test_a_ray_that_does_not_come_up_is_told(tmp_path: Path) -> None:
    """Ray raises all kinds of exceptions; none may reach the user bare."""
    (tmp_path / "file").write_text("there is no folder in here")
    told = refused(tmp_path, RAY_TMPDIR=str(tmp_path / "file" / "folder"))
    assert "Expected Ray to start on this machine, but: " in told
    assert "Not a directory" in told
