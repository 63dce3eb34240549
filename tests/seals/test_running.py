"""A deployment seals its log while it runs."""

from pathlib import Path
from threading import Event

import pytest
from structlog.testing import capture_logs

from service.sealing import seal_full_blocks, sealing
from store.errors import StoreMissing
from store.seals import Ledger
from tests.actors.deployment import Deployment, send
from tests.controls.calls import page
from tests.seals.sealed import Sealed

PATIENCE = 30.0


def number_of_seals(folder: Path) -> int:
    """Count the seals of a folder."""
    ledger = Ledger(folder)
    last = ledger.last()
    ledger.close()
    return 0 if last is None else last.number


def until(folder: Path, seals: int) -> bool:
    """Wait until there are so many seals."""
    tick, left = Event(), PATIENCE
    while number_of_seals(folder) < seals and left > 0:
        tick.wait(0.01)
        left -= 0.01
    return number_of_seals(folder) == seals


def test_full_blocks_are_sealed_as_the_log_grows(tmp_path: Path) -> None:
    deployment = Deployment(tmp_path)
    with sealing(tmp_path, {}, period=0.01):
        for block in (1, 2):
            send(deployment.hosts[0], *(page(uid=f"u{block}-{n}") for n in range(500)))
            assert until(tmp_path, block)
    send(deployment.hosts[0], *(page(uid=f"u3-{n}") for n in range(400)))
    deployment.close()
    assert seal_full_blocks(tmp_path, {}) == 0
    assert Sealed(tmp_path).verify().findings == []
    assert Sealed(tmp_path).verify().unsealed == 800


def test_a_log_without_a_full_block_gets_no_signing_key(tmp_path: Path) -> None:
    Deployment(tmp_path).close()
    assert seal_full_blocks(tmp_path, {}) == 0
    assert not (tmp_path / "seal.key").exists()


def test_what_keeps_it_from_sealing_is_logged_once(sealed: Sealed) -> None:
    sealed.seal(partial=True)
    deployment = Deployment(sealed.folder)
    send(deployment.hosts[0], *(page(uid=f"new{n}") for n in range(500)))
    deployment.close()
    key = (sealed.folder / "seal.key").read_bytes()
    (sealed.folder / "seal.key").unlink()
    with capture_logs() as lines, sealing(sealed.folder, {}, period=0.01):
        tick, left = Event(), PATIENCE
        while not lines and left > 0:
            tick.wait(0.01)
            left -= 0.01
        (sealed.folder / "seal.key").write_bytes(key)
        assert until(sealed.folder, 5)
    assert [line["event"] for line in lines] == ["the log could not be sealed"]
    assert "Expected the key that signs seals" in lines[0]["why"]


def test_a_folder_without_a_store_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreMissing):
        seal_full_blocks(tmp_path, {})
