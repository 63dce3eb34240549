"""What the wheel puts into site-packages is exactly our five packages."""

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    build = [sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(build, check=True)
    (built,) = folder.iterdir()
    return built


@pytest.mark.slow
def test_the_wheel_holds_exactly_our_packages(wheel: Path) -> None:
    version = wheel.name.split("-")[1]
    with ZipFile(wheel) as archive:
        top_level = {name.split("/")[0] for name in archive.namelist()}
    assert top_level == {
        "domain",
        "store",
        "actors",
        "projections",
        "service",
        f"onefold-{version}.dist-info",
    }
