"""A way to PostgreSQL that is cut in the middle of what a client sends."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import psycopg

CHUNK = 1_024


class Cut:
    """Whether the way has been cut."""

    def __init__(self) -> None:
        self.is_cut = Event()
        self.is_over = Event()


@contextmanager
def cut_way(address: str, folder: Path, after: int) -> Iterator[tuple[str, Cut]]:
    """Give an address on which `after` bytes of the first client arrive; the rest never does.

    The client is not told before the block ends, nor is the server.
    """
    where = psycopg.conninfo.conninfo_to_dict(address)
    name = f".s.PGSQL.{where.get('port', 5432)}"
    cut = Cut()
    with (
        socket.socket(socket.AF_UNIX) as listener,
        socket.socket(socket.AF_UNIX) as server,
    ):
        listener.bind(str(folder / name))
        listener.listen(1)
        server.connect(str(Path(str(where["host"])) / name))
        thread = Thread(target=_pass_on, args=(listener, server, after, cut), daemon=True)
        thread.start()
        try:
            yield psycopg.conninfo.make_conninfo(address, host=str(folder)), cut
        finally:
            cut.is_over.set()
            thread.join()


def _pass_on(listener: socket.socket, server: socket.socket, after: int, cut: Cut) -> None:
    client, _ = listener.accept()
    answers = Thread(target=_pass_back, args=(server, client), daemon=True)
    answers.start()
    with client:
        left = after
        while left and (sent := client.recv(min(CHUNK, left))):
            server.sendall(sent)
            left -= len(sent)
        cut.is_cut.set()
        cut.is_over.wait()
        server.shutdown(socket.SHUT_RDWR)
        answers.join()


def _pass_back(server: socket.socket, client: socket.socket) -> None:
    while told := server.recv(CHUNK):
        client.sendall(told)
