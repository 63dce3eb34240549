"""A site of its own origin, whose pages load the SDK from a running Onefold."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx

from tests.cluster.server import WRITE_KEY

GUIDE = Path(__file__).parents[2] / "docs" / "sdk-web.md"


def snippet(onefold: str, key: str = WRITE_KEY) -> str:
    """Give the lines to paste, exactly as the guide has them."""
    found = re.search(r"```html\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    assert found is not None
    return found[1].replace("https://cdp.example.com", onefold).replace("YOUR_WRITE_KEY", key)


class Site:
    """Pages by path, with the headers that all of them carry."""

    def __init__(self, url: str, onefold: str) -> None:
        self.url = url
        self.onefold = onefold
        self.troubles: list[str] = []
        self.pages: dict[str, str] = {}
        self.headers: dict[str, str] = {}
        self.plain = self.add("/", snippet(onefold))

    def add(self, path: str, head: str) -> str:
        """Put up a page; gives its address."""
        self.pages[path] = f"<!doctype html><title>Shop</title>{head}<h1>Shop</h1>"
        return self.url + path


@contextmanager
def site(onefold: str) -> Iterator[Site]:
    """Serve a site on a free port for as long as the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = served.pages.get(self.path.partition("?")[0])
            body = (page or "none").encode()
            self.send_response(404 if page is None else 200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            for name, value in served.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            """Pass calls on to Onefold, with the trouble that is due."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            trouble = served.troubles.pop(0) if served.troubles else None
            self.close_connection = True
            if trouble == "cut before":
                return
            if trouble == "503":
                self.send_response(503)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            answer = httpx.post(served.onefold + self.path, content=body)
            if trouble != "cut after":
                self.send_response(answer.status_code)
                self.send_header("Content-Length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        served = Site(f"http://127.0.0.1:{server.server_port}", onefold)
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield served
        finally:
            server.shutdown()
            thread.join()
