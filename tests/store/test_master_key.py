"""The master key: made once, kept private, never made a second time."""

import base64
import os
import stat
from pathlib import Path

import pytest

from store.errors import BadMasterKey, MissingMasterKey
from store.master_key import FILE, VARIABLE, master_key

TEXT = base64.b64encode(bytes(range(32))).decode()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_folder_gets_a_key_that_only_its_owner_reads(tmp_path: Path) -> None:
    key = master_key(tmp_path, {}, may_create=True)
    assert len(key.secret) == 32
    assert key.origin == str(tmp_path / FILE)
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert names(tmp_path) == [FILE]


def test_a_key_is_private_whatever_the_umask_says(tmp_path: Path) -> None:
    usual = os.umask(0)
    try:
        master_key(tmp_path, {}, may_create=True)
    finally:
        os.umask(usual)
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_a_key_once_made_is_found_again(tmp_path: Path) -> None:
    made = master_key(tmp_path, {}, may_create=True)
    assert master_key(tmp_path, {}, may_create=True) == made
    assert master_key(tmp_path, {}, may_create=False) == made


def test_no_two_folders_share_a_key(tmp_path: Path) -> None:
    keys = []
    for name in "ab":
        (tmp_path / name).mkdir()
        keys.append(master_key(tmp_path / name, {}, may_create=True).secret)
    assert keys[0] != keys[1]


def test_what_a_crash_left_half_written_is_no_key(tmp_path: Path) -> None:
    (tmp_path / FILE).with_suffix(".new").write_text("half")
    assert len(master_key(tmp_path, {}, may_create=True).secret) == 32


def test_the_environment_comes_first_and_makes_no_file(tmp_path: Path) -> None:
    key = master_key(tmp_path, {VARIABLE: f" {TEXT}\n"}, may_create=True)
    assert (key.secret, key.origin) == (bytes(range(32)), VARIABLE)
    assert names(tmp_path) == []


def test_a_missing_key_of_a_store_is_an_error_and_never_a_new_key(tmp_path: Path) -> None:
    with pytest.raises(MissingMasterKey, match=r"found neither.*no new key is made") as caught:
        master_key(tmp_path, {VARIABLE: ""}, may_create=False)
    assert caught.value.path == tmp_path / FILE
    assert names(tmp_path) == []


BAD = {
    "no base64": "not a key!",
    "too short": base64.b64encode(bytes(31)).decode(),
    "too long": base64.b64encode(bytes(33)).decode(),
    "no letters": "ключ",
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_a_text_that_is_no_key_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadMasterKey, match=f"Expected 32 bytes in base64 in {VARIABLE}"):
        master_key(tmp_path, {VARIABLE: text}, may_create=True)
    (tmp_path / FILE).write_text(text)
    with pytest.raises(BadMasterKey) as caught:
        master_key(tmp_path, {}, may_create=True)
    assert caught.value.origin == str(tmp_path / FILE)


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe\x00"])
def test_a_file_that_holds_no_key_is_refused_and_kept(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(BadMasterKey):
        master_key(tmp_path, {}, may_create=True)
    assert (tmp_path / FILE).read_bytes() == content


def test_an_error_never_shows_the_key(tmp_path: Path) -> None:
    text = base64.b64encode(b"a secret").decode()
    with pytest.raises(BadMasterKey) as caught:
        master_key(tmp_path, {VARIABLE: text}, may_create=True)
    assert text not in str(caught.value)
    key = master_key(tmp_path, {VARIABLE: TEXT}, may_create=True)
    assert repr(key) == f"MasterKey(<secret>, origin='{VARIABLE}')"
