"""The data folder: one store, one master key, one Onefold at a time."""

import base64
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from store.errors import (
    BadMasterKey,
    MissingMasterKey,
    NewerSchema,
    StoreInUse,
    StoreMissing,
    WrongMasterKey,
)
from store.folder import DATABASE, LOCK, FolderLock, open_store, prepare
from store.master_key import FILE, VARIABLE
from store.sqlite.schema import VERSION

ROOT = Path(__file__).parents[2]


def made(folder: Path) -> None:
    prepare(folder, {}).backend.close()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def tables(folder: Path) -> set[str]:
    with closing(sqlite3.connect(folder / DATABASE)) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}


def execute(folder: Path, statement: str, *params: object) -> None:
    with closing(sqlite3.connect(folder / DATABASE)) as connection, connection:
        connection.execute(statement, params)


@contextmanager
def another_process_holding(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a second process that takes the lock, says so, and waits."""
    script = (
        "import sys; from pathlib import Path; from store.folder import FolderLock\n"
        "lock = FolderLock(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", script, str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout is not None
    with other:
        assert other.stdout.readline() == "held\n"
        yield other
        other.kill()


class TestOpening:
    def test_a_folder_is_made_with_a_store_and_a_key(self, tmp_path: Path) -> None:
        store = prepare(tmp_path / "deep" / "data", {})
        assert store.backend.position() == 0
        store.backend.close()
        assert {FILE, DATABASE} <= set(names(tmp_path / "deep" / "data"))

    def test_a_store_is_opened_again_and_again(self, tmp_path: Path) -> None:
        first = prepare(tmp_path, {})
        first.backend.put("salt", b"value")
        first.backend.close()
        for opened in (prepare(tmp_path, {}), open_store(tmp_path, {})):
            assert opened.backend.get("salt") == b"value"
            opened.backend.close()

    def test_only_its_owner_reads_any_of_its_files(self, tmp_path: Path) -> None:
        usual = os.umask(0)
        try:
            store = prepare(tmp_path, {})
            store.backend.put("salt", b"value")
            FolderLock(tmp_path).release()
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
        finally:
            os.umask(usual)
        store.backend.close()
        assert {DATABASE, f"{DATABASE}-wal", FILE, LOCK} <= set(modes)
        assert modes == dict.fromkeys(modes, 0o600)

    def test_a_lock_that_others_could_touch_is_theirs_no_more(self, tmp_path: Path) -> None:
        (tmp_path / LOCK).touch()
        (tmp_path / LOCK).chmod(0o666)  # as version 0.1.0 left it, under a wide umask
        FolderLock(tmp_path).release()
        assert stat.S_IMODE((tmp_path / LOCK).stat().st_mode) == 0o600

    def test_no_store_is_made_where_one_is_expected(self, tmp_path: Path) -> None:
        with pytest.raises(StoreMissing, match="found none; `onefold serve` makes one") as caught:
            open_store(tmp_path / "nowhere", {})
        assert caught.value.folder == tmp_path / "nowhere"
        assert names(tmp_path) == []


class TestMasterKeyOfAStore:
    @pytest.mark.parametrize("opened", [prepare, open_store])
    def test_a_store_without_its_key_stays_shut(self, tmp_path: Path, opened: type) -> None:
        made(tmp_path)
        (tmp_path / FILE).unlink()
        before = names(tmp_path)
        with pytest.raises(MissingMasterKey):
            opened(tmp_path, {})
        assert names(tmp_path) == before

    @pytest.mark.parametrize("opened", [prepare, open_store])
    def test_another_key_does_not_open_it(self, tmp_path: Path, opened: type) -> None:
        made(tmp_path)
        key = (tmp_path / FILE).read_text()
        other = base64.b64encode(bytes(32)).decode()
        with pytest.raises(WrongMasterKey, match=f"from {VARIABLE} does not open this store"):
            opened(tmp_path, {VARIABLE: other})
        (tmp_path / FILE).write_text(other)
        with pytest.raises(WrongMasterKey):
            opened(tmp_path, {})
        (tmp_path / FILE).write_text(key)
        opened(tmp_path, {}).backend.close()

    @pytest.mark.parametrize("opened", [prepare, open_store])
    def test_a_text_that_is_no_key_does_not_open_it(self, tmp_path: Path, opened: type) -> None:
        made(tmp_path)
        with pytest.raises(BadMasterKey):
            opened(tmp_path, {VARIABLE: "swordfish"})

    def test_a_key_may_move_from_the_file_to_the_environment(self, tmp_path: Path) -> None:
        made(tmp_path)
        key = (tmp_path / FILE).read_text()
        (tmp_path / FILE).unlink()
        open_store(tmp_path, {VARIABLE: key}).backend.close()

    def test_a_key_that_outlived_its_first_start_is_used(self, tmp_path: Path) -> None:
        """A crash between the key and the database leaves the key alone."""
        made(tmp_path)
        key = (tmp_path / FILE).read_text()
        for path in tmp_path.glob(f"{DATABASE}*"):
            path.unlink()
        made(tmp_path)
        assert (tmp_path / FILE).read_text() == key


class TestSchema:
    @pytest.mark.parametrize("opened", [prepare, open_store])
    def test_a_store_of_a_newer_onefold_is_left_alone(self, tmp_path: Path, opened: type) -> None:
        made(tmp_path)
        execute(tmp_path, "UPDATE meta SET value = ? WHERE name = 'schema'", b"%d" % (VERSION + 1))
        execute(tmp_path, "DROP TABLE tallies")
        with pytest.raises(NewerSchema, match="start it with the newer version") as caught:
            opened(tmp_path, {})
        assert (caught.value.found, caught.value.known) == (VERSION + 1, VERSION)
        assert "tallies" not in tables(tmp_path)


class TestFolderLock:
    def test_a_second_process_is_told_that_the_store_is_in_use(self, tmp_path: Path) -> None:
        with another_process_holding(tmp_path), pytest.raises(StoreInUse) as caught:
            FolderLock(tmp_path)
        assert caught.value.folder == tmp_path
        assert "is in use by another Onefold; stop that one first" in str(caught.value)

    def test_the_lock_dies_with_its_process(self, tmp_path: Path) -> None:
        with another_process_holding(tmp_path) as other:
            other.kill()
            other.wait()
            FolderLock(tmp_path).release()

    def test_who_lets_go_lets_the_next_one_in(self, tmp_path: Path) -> None:
        lock = FolderLock(tmp_path / "data")
        with pytest.raises(StoreInUse):
            FolderLock(tmp_path / "data")
        lock.release()
        with another_process_holding(tmp_path / "data"), pytest.raises(StoreInUse):
            FolderLock(tmp_path / "data")

    def test_the_lock_of_a_folder_leaves_its_neighbours_free(self, tmp_path: Path) -> None:
        locks = [FolderLock(tmp_path / name) for name in "ab"]
        for lock in locks:
            lock.release()
        assert (tmp_path / "a" / LOCK).exists()
