"""A shop's pages on an origin of their own, with the browser SDKs bundled in."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Final

HERE: Final = Path(__file__).parent
PAGES: Final = ("segment", "rudder")
HTML: Final = (
    '<!doctype html><meta charset="utf-8"><title>Shop</title><script src="{}.js"></script>'
)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing: the tests do."""


@contextmanager
def shop(folder: Path) -> Iterator[str]:
    """Bundle the pages into a folder and serve it for as long as the block runs; gives its URL."""
    _bundle(folder)
    for name in PAGES:
        (folder / f"{name}.html").write_text(HTML.format(name))
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def _bundle(folder: Path) -> None:
    done = subprocess.run(
        [
            HERE / "node_modules" / ".bin" / "esbuild",
            *(HERE / "pages" / f"{name}.js" for name in PAGES),
            "--bundle",
            "--format=iife",
            f"--outdir={folder}",
            "--log-level=error",
        ],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
