"""Clients driven as programs of their own, in their own language."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import msgspec

from tests.browser import needs, node
from tests.cluster.server import WRITE_KEY

HERE: Final = Path(__file__).parent
OLD_PYTHON: Final = HERE.parents[1] / ".clients" / "python-1.4"
SDKS: Final = HERE / "node_modules"
needs_old_python = needs("Segment's old Python client", is_there=OLD_PYTHON.is_dir())
needs_sdks = needs("The SDKs for Node and browsers", is_there=SDKS.is_dir())

AT_MOST: Final = 60
"""Seconds until a client must be done."""


class Client(msgspec.Struct, frozen=True):
    """An SDK: where it is imported from, and the version that its calls must name.

    `address` is a Python client's setting that points it at a server; a Node client has none.
    `folder` holds a client that cannot be installed beside the others. `waits`: it heeds
    `Retry-After`.
    """

    module: str
    version: str
    address: str | None = None
    options: dict[str, Any] = {}
    folder: Path | None = None
    waits: bool = False

    def run(self, url: str, calls: list[dict[str, Any]], key: str = WRITE_KEY) -> list[str]:
        """Send calls and wait until the client is done; gives what it could not deliver."""
        order = {
            "module": self.module,
            "address": self.address,
            "options": self.options,
            "url": url,
            "key": key,
            "calls": calls,
        }
        done = subprocess.run(
            [*self._command(), json.dumps(order)],
            check=False,
            capture_output=True,
            text=True,
            timeout=AT_MOST,
            env=self._environ(),
        )
        assert done.stdout, done.stderr
        failures: list[str] = json.loads(done.stdout.splitlines()[-1])
        return failures

    def _command(self) -> list[str]:
        if self.address is None:
            return [node() or "node", str(HERE / "drive.mjs")]
        return [sys.executable, str(HERE / "drive.py")]

    def _environ(self) -> dict[str, str]:
        environ = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
        return environ if self.folder is None else environ | {"PYTHONPATH": str(self.folder)}
