"""One server with two hosts for all tests that only talk to it."""

from collections.abc import Iterator

import pytest

from tests.cluster.server import Server, serving


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running Onefold; tests keep apart by their own ids."""
    with serving(tmp_path_factory.mktemp("server"), "--hosts", "2") as running:
        yield running
