from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from scripts.bench_load import HungUp, NotAccepted, post_requests, send


class Answering(BaseHTTPRequestHandler):
    """Repeats a body, with the status that the path asks for; `/0` hangs up."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = int(self.path[1:])
        if not status:
            self.close_connection = True
            return
        received.append((self.headers["Authorization"], body))
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


received: list[tuple[str, bytes]] = []


@contextmanager
def answering() -> Iterator[str]:
    received.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_every_request_is_sent_once_and_timed() -> None:
    bodies = [b"%d" % number for number in range(50)]
    with answering() as url:
        load = send(url, post_requests(url, "/200", "key", bodies), connections=4)
    assert sorted(received) == sorted(("Basic a2V5Og==", body) for body in bodies)
    assert len(load.latencies) == 50
    assert 0 < load.percentile(0.5) <= load.percentile(0.99) <= load.seconds


def test_an_answer_other_than_200_ends_it_and_is_told() -> None:
    with answering() as url, pytest.raises(NotAccepted, match="503"):
        send(url, post_requests(url, "/503", "key", [b"a"]), connections=1)


def test_a_closed_connection_ends_it() -> None:
    with answering() as url, pytest.raises(HungUp):
        send(url, post_requests(url, "/0", "key", [b"a"]), connections=1)
