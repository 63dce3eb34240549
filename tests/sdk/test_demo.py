"""The demo shop, as somebody in front of it sees it."""

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser import needs_chromium
from tests.cluster.server import Server

pytestmark = [pytest.mark.ray]


@pytest.mark.browser
@needs_chromium
def test_browse_sign_up_log_out_and_be_somebody_else(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/demo")
    page.get_by_label("Look at Morning mug").click()
    expect(page.locator("#kind")).to_have_text("visitor", timeout=20_000)
    page.get_by_role("button", name="Ana").click()
    page.get_by_role("button", name="Sign up").click()
    expect(page.locator("#kind")).to_have_text("customer", timeout=20_000)
    expect(page.locator("#profile")).to_contain_text('"name": "Ana Silva"')
    ana = page.locator("#uid").inner_text()
    page.get_by_role("button", name="Log out").click()
    expect(page.locator("#uid")).not_to_have_text(ana, timeout=20_000)
    page.get_by_role("button", name="Ben").click()
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("#profile")).to_contain_text('"name": "Ben Okoro"', timeout=20_000)
    expect(page.locator("#profile")).not_to_contain_text(ana)


def test_the_shop_reads_for_this_machine_alone(server: Server) -> None:
    answer = httpx.get(f"{server.url}/demo/profiles/u1", headers={"Host": "rebound.test"})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_here")


def test_a_profile_nobody_has_is_not_found(server: Server) -> None:
    assert httpx.get(f"{server.url}/demo/profiles/nobody").status_code == 404
