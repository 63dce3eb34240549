"""A store in a folder of its own for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from store.archive import Store
from store.folder import prepare


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = prepare(tmp_path, {}, synchronous="normal")
    yield opened
    opened.backend.close()
