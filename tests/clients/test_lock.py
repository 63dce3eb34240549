"""The list of what is installed for Node and browsers."""

from pathlib import Path
from typing import Any, Final

import msgspec

HERE: Final = Path(__file__).parent
LOCK: Final[dict[str, Any]] = msgspec.json.decode((HERE / "package-lock.json").read_bytes())
WANTED: Final[dict[str, Any]] = msgspec.json.decode((HERE / "package.json").read_bytes())


def test_the_lock_names_no_registry() -> None:
    assert not [name for name, package in LOCK["packages"].items() if "resolved" in package]


def test_every_sdk_is_wanted_in_one_exact_version() -> None:
    for name, version in WANTED["dependencies"].items():
        assert LOCK["packages"][f"node_modules/{name}"]["version"] == version
