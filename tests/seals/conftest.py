"""A log of 3,250 rows, sealed: built once, copied for each test that alters it."""

import shutil
from pathlib import Path

import pytest

from tests.seals.sealed import Sealed, made


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a sealed log that nobody may change."""
    folder = tmp_path_factory.mktemp("sealed") / "data"
    made(folder)
    return folder


@pytest.fixture
def sealed(original: Path, tmp_path: Path) -> Sealed:
    """Give a copy of it to alter."""
    shutil.copytree(original, tmp_path / "data")
    return Sealed(tmp_path / "data")
