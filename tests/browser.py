"""The browser and the JavaScript of the machine, for tests that need the real ones.

pytestmark = needs_chromium

@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as running:
        yield running
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
OLDEST_NODE: Final = 20
SKIP_NOTHING: Final = "TESTS_OF_ONEFOLD_SKIP_NOTHING"
"""Set where everything must run: what is missing then fails instead of being skipped."""


def chromium() -> str | None:
    """Find a Chromium on this machine: where its command stands."""
    return next((found for name in CHROMIUM if (found := shutil.which(name))), None)


@cache
def node() -> str | None:
    """Find a Node on this machine that is not too old: where its command stands."""
    found = shutil.which("node")
    if found is None:
        return None
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False)
    major = said.stdout.removeprefix("v").partition(".")[0]
    return found if major.isdecimal() and int(major) >= OLDEST_NODE else None


def needs(what: str, *, is_there: bool) -> pytest.MarkDecorator:
    """Skip tests on a machine that lacks what they drive, unless nothing may be skipped."""
    skips = not is_there and SKIP_NOTHING not in os.environ
    return pytest.mark.skipif(skips, reason=f"{what} is not there: scripts/clients installs it")


needs_node = needs(f"Node {OLDEST_NODE}", is_there=node() is not None)
needs_chromium = needs("Chromium", is_there=chromium() is not None)


@contextmanager
def browsing() -> Iterator[Browser]:
    """Run a headless Chromium for as long as the block runs.

    Playwright keeps an event loop running in the thread meanwhile, so the block, or the module of
    a fixture around it, must hold no asynchronous test.
    """
    path = chromium()
    assert path is not None, "Expected a Chromium on the PATH, but none is there: scripts/clients"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visiting(browser: Browser) -> Iterator[Page]:
    """Open a page of a person nobody has seen: no cookies, nothing in local storage."""
    context = browser.new_context()
    try:
        yield context.new_page()
    finally:
        context.close()
