"""The SDK in a real browser: what a bad network, a bad browser and a bad page do to it."""

from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import needs_chromium, visiting
from tests.cluster.server import Server
from tests.sdk.person import do, sent, uid, visit
from tests.sdk.site import Site, snippet

pytestmark = [pytest.mark.ray, pytest.mark.browser, needs_chromium]

INGEST = "**/v1/b"


def looked(server: Server, who: str) -> dict[str, int]:
    activities: dict[str, int] = server.visitor(who)["activities"]
    return activities


def test_what_happens_offline_arrives_when_the_network_is_back(
    page: Page, server: Server, shop: Site
) -> None:
    visit(page, shop.plain)
    sent(page)
    page.context.set_offline(True)
    page.evaluate("onefold.track('Looked'); onefold.track('Looked'); onefold.flush()")
    page.context.set_offline(False)
    sent(page)
    assert looked(server, uid(page)) == {"$page": 1, "Looked": 2}


def test_answers_that_fail_or_get_lost_lose_and_double_nothing(
    page: Page, server: Server, shop: Site
) -> None:
    visit(
        page,
        shop.add("/far", snippet(server.url).replace("data-", f'data-host="{shop.url}" data-')),
    )
    sent(page)
    shop.troubles = ["503", "cut before", "cut after", "503"]
    for left in (3, 2, 1, 0):
        page.evaluate(
            "async () => { onefold.track('Looked'); dispatchEvent(new Event('online'));"
            " await onefold.flush(); }"
        )
        assert len(shop.troubles) == left
    page.evaluate("dispatchEvent(new Event('online'))")
    sent(page)
    assert looked(server, uid(page)) == {"$page": 1, "Looked": 4}


def test_a_reload_with_a_full_queue_loses_and_doubles_nothing(
    page: Page, server: Server, shop: Site
) -> None:
    page.route(INGEST, lambda route: route.abort())
    visit(page, shop.plain)
    page.evaluate("for (let n = 0; n < 150; n++) onefold.track('Looked')")
    page.unroute(INGEST)
    visit(page, shop.plain)
    sent(page)
    assert looked(server, uid(page)) == {"$page": 2, "Looked": 150}


def test_a_closed_tab_sends_what_waits_and_the_next_one_doubles_nothing(
    page: Page, server: Server, shop: Site
) -> None:
    visit(page, shop.plain)
    who = uid(page)
    page.evaluate("for (let n = 0; n < 30; n++) onefold.track('Looked')")
    other = page.context.new_page()
    page.close()
    visit(other, shop.plain)
    sent(other)
    assert looked(server, who) == {"$page": 2, "Looked": 30}


def test_two_tabs_are_one_visitor_and_send_each_call_once(
    page: Page, server: Server, shop: Site
) -> None:
    visit(page, shop.plain)
    other = page.context.new_page()
    visit(other, shop.plain)
    for tab in (page, other):
        tab.evaluate("for (let n = 0; n < 120; n++) onefold.track('Looked'); onefold.flush()")
    sent(page)
    sent(other)
    assert uid(page) == uid(other)
    assert looked(server, uid(page)) == {"$page": 2, "Looked": 240}


def test_with_storage_blocked_calls_arrive_all_the_same(
    page: Page, server: Server, shop: Site
) -> None:
    page.add_init_script(
        "const no = () => { throw new DOMException('no', 'SecurityError') };"
        "Object.defineProperty(window, 'localStorage', { get: no });"
        "Object.defineProperty(Document.prototype, 'cookie', { get: no, set: no });"
    )
    visit(page, shop.plain)
    page.evaluate("async () => { onefold.track('Looked'); await onefold.flush(); }")
    assert looked(server, uid(page)) == {"$page": 1, "Looked": 1}


def test_a_strict_content_security_policy_is_kept(page: Page, server: Server, shop: Site) -> None:
    shop.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src {server.url} 'nonce-abc'; connect-src {server.url}"
    )
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    html = snippet(server.url).replace("<script>", '<script nonce="abc">')
    page.goto(shop.add("/strict", html))
    page.wait_for_selector("h1")
    page.evaluate("web_event.track('product', 'view', {})")
    with page.expect_response(INGEST) as answered:
        pass
    assert answered.value.status == 200
    assert [text for text in complaints if "favicon" not in text] == []


MISUSE = {
    "no id": "onefold.identify()",
    "circles": "const a = {}; a.a = a; onefold.track('Odd', a)",
    "the window": "onefold.track('Odd', { window })",
    "nodes and functions": "onefold.track('Odd', { body: document.body, f() {} })",
    "too much": "onefold.track('Odd', { text: 'x'.repeat(1e6) })",
    "no action": "web_event.track('user')",
}


@pytest.mark.parametrize("what", MISUSE)
def test_misuse_gives_a_warning_and_no_exception(
    page: Page, server: Server, shop: Site, what: str
) -> None:
    warnings: list[str] = []
    page.on("console", lambda message: warnings.append(message.text))
    visit(page, shop.plain)
    do(page, f"{MISUSE[what]}; onefold.track('After');")
    assert len([text for text in warnings if "[onefold]" in text]) == 1
    assert looked(server, uid(page))["After"] == 1


def test_an_unknown_write_key_drops_with_a_warning(page: Page, server: Server, shop: Site) -> None:
    warnings: list[str] = []
    page.on("console", lambda message: warnings.append(message.text))
    visit(page, shop.add("/wrong", snippet(server.url, f"wk_{uuid4().hex}")))
    sent(page)
    assert any("calls dropped: 401" in text for text in warnings)


def test_a_full_local_storage_does_not_stop_delivery(
    page: Page, server: Server, shop: Site
) -> None:
    visit(page, shop.plain)
    sent(page)
    page.evaluate(
        "for (let size = 2 ** 23; size > 1; size /= 2)"
        " try { localStorage.setItem('fill' + size, 'x'.repeat(size)) } catch {}"
    )
    do(page, "onefold.track('Looked')")
    assert looked(server, uid(page))["Looked"] == 1


def test_people_with_browsers_of_their_own_are_apart(
    browser: Browser, server: Server, shop: Site
) -> None:
    with visiting(browser) as one, visiting(browser) as other:
        for page in (one, other):
            visit(page, shop.plain)
            sent(page)
        assert uid(one) != uid(other)
        assert looked(server, uid(one)) == {"$page": 1}
