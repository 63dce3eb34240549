"""A back-up is the whole store at one moment, taken while it is written."""

import shutil
import stat
from contextlib import closing
from pathlib import Path

import pytest

from store.backup import BackupExists, back_up
from store.errors import MissingMasterKey, StoreMissing, StoreUnavailable
from store.folder import DATABASE, open_store
from store.master_key import FILE
from tests.actors.deployment import Deployment, deployed, send
from tests.controls.calls import identify, track


def restored(deployment: Deployment, copy: Path, folder: Path) -> Path:
    """Make a data folder of a back-up and of the master key that was kept apart."""
    folder.mkdir()
    shutil.copy(copy, folder / DATABASE)
    shutil.copy(deployment.folder / FILE, folder / FILE)
    return folder


def test_a_back_up_of_a_store_in_use_opens_as_the_store_it_was(tmp_path: Path) -> None:
    with deployed() as deployment:
        (host,) = deployment.hosts
        send(host, track("A", uid="u1"), identify("u1", "c1", attributes={"plan": "pro"}))
        before = deployment.stats()
        size = back_up(deployment.folder, tmp_path / "copy.db")
        send(host, track("B", uid="u1"))
        assert deployment.stats() != before
        assert size == (tmp_path / "copy.db").stat().st_size > 0

        folder = restored(deployment, tmp_path / "copy.db", tmp_path / "data")
        with closing(open_store(folder, {}).backend) as backend:
            assert backend.position() == before["position"]
        again = Deployment(folder)
        assert again.stats() == before
        assert send(again.hosts[0], track("C", uid="u1", cid="c1")) == [0]
        again.close()


def test_a_back_up_is_for_its_owner_alone_and_without_the_master_key(tmp_path: Path) -> None:
    with deployed() as deployment:
        send(deployment.hosts[0], track(uid="u1"))
        back_up(deployment.folder, tmp_path / DATABASE)
    assert [path.name for path in tmp_path.iterdir()] == [DATABASE]
    assert stat.S_IMODE((tmp_path / DATABASE).stat().st_mode) == 0o600
    with pytest.raises(MissingMasterKey):
        open_store(tmp_path, {})


def test_nothing_is_ever_written_over(tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    target.write_text("precious")
    with deployed() as deployment, pytest.raises(BackupExists):
        back_up(deployment.folder, target)
    assert target.read_text() == "precious"


def test_where_nothing_can_be_written_there_is_no_half_file(tmp_path: Path) -> None:
    with deployed() as deployment:
        with pytest.raises(StoreUnavailable):
            back_up(deployment.folder, tmp_path / "missing" / "copy.db")
        (deployment.folder / "other").mkdir()
        (deployment.folder / "other" / DATABASE).write_bytes(b"no database" * 1_000)
        with pytest.raises(StoreUnavailable):
            back_up(deployment.folder / "other", tmp_path / "copy.db")
    with pytest.raises(StoreMissing):
        back_up(tmp_path, tmp_path / "copy.db")
    assert list(tmp_path.iterdir()) == []
