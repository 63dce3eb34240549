"""A site of the running Onefold's customer, and people with browsers."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import browsing, visiting
from tests.cluster.server import Server
from tests.sdk.site import Site, site


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of somebody new; what the SDK throws fails the test."""
    with visiting(browser) as visited:
        thrown: list[str] = []
        visited.on("pageerror", lambda error: thrown.append(str(error)))
        yield visited
        assert thrown == []


@pytest.fixture
def shop(server: Server) -> Iterator[Site]:
    with site(server.url) as served:
        yield served
