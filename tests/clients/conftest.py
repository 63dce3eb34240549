"""One server for all clients; each test has its own way to it."""

from collections.abc import Iterator

import pytest

from tests.cluster.server import Server, serving


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running Onefold; tests keep apart by their own ids."""
    with serving(tmp_path_factory.mktemp("clients"), "--hosts", "1") as running:
        yield running
