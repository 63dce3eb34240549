"""Which code a process runs: the version, and a digest of our source files."""

from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("actors", "domain", "projections", "service", "store")


@cache
def code() -> str:
    """Name the code; to be asked early, for a process goes on with what it started with."""
    root = Path(__file__).parent.parent
    digest = sha256()
    for package in PACKAGES:
        for file in sorted((root / package).rglob("*.py")):
            digest.update(file.read_bytes())
    try:
        number = version("onefold")
    except PackageNotFoundError:
        number = "0"
    return f"{number}+{digest.hexdigest()[:8]}"
