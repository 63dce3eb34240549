"""The SDK in a real browser, against a running Onefold: who is who."""

import json
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from playwright.sync_api import Page

from tests.browser import needs_chromium
from tests.cluster.server import Server
from tests.sdk.person import LOSE_THE_UID, do, sent, sign_in, uid, visit
from tests.sdk.site import Site

pytestmark = [pytest.mark.ray, pytest.mark.browser, needs_chromium]


@pytest.fixture
def cid() -> str:
    return f"c-{uuid4().hex}"


def lose_the_uid(page: Page, url: str) -> None:
    page.evaluate(LOSE_THE_UID)
    visit(page, url)


def test_day_1_day_3_and_day_7_become_one_customer(
    page: Page, server: Server, shop: Site, cid: str
) -> None:
    visit(page, shop.plain)
    do(page, "web_event.track('product', 'view', { items: [{ type: 'product', id: '1' }] });")
    day_1 = uid(page)
    lose_the_uid(page, shop.plain)
    do(page, "web_event.track('product', 'add_to_cart', {});")
    day_3 = uid(page)
    do(page, sign_in(cid, "sign_up", name="Ann", plan="free"))
    customer = server.customer(cid)
    assert day_1 != day_3
    assert sorted(customer["uids"]) == sorted([day_1, day_3])
    assert customer["activities"]["product/view"] == 1
    assert customer["activities"]["product/add_to_cart"] == 1
    assert customer["activities"]["$page"] == 2
    assert customer["attributes"]["name"] == "Ann"
    assert customer["attributes"]["plan"] == "free"


def test_after_a_reset_the_second_user_is_somebody_else(
    page: Page, server: Server, shop: Site, cid: str
) -> None:
    visit(page, shop.plain)
    do(page, sign_in(cid))
    ana = uid(page)
    do(page, "web_event.track('user', 'sign_out'); web_event.resetAnonymousUId();")
    do(page, "web_event.track('product', 'view', {});" + sign_in(f"{cid}-ben"))
    first, second = server.customer(cid), server.customer(f"{cid}-ben")
    assert (first["uids"], second["uids"]) == ([ana], [uid(page)])
    assert "product/view" not in first["activities"]
    assert second["activities"]["product/view"] == 1
    assert first["refusals"] == second["refusals"] == []


def test_without_a_reset_what_was_browsed_in_between_stays_with_the_first(
    page: Page, server: Server, shop: Site, cid: str
) -> None:
    visit(page, shop.plain)
    do(page, sign_in(cid))
    ana = uid(page)
    do(page, "web_event.track('user', 'sign_out'); web_event.track('product', 'view', {});")
    do(page, sign_in(f"{cid}-ben"))
    first, second = server.customer(cid), server.customer(f"{cid}-ben")
    assert (first["uids"], second["uids"]) == ([ana], [uid(page)])
    assert first["activities"]["product/view"] == 1
    assert "product/view" not in second["activities"]
    assert first["refusals"] == second["refusals"] == []


def test_a_logged_in_customer_is_identified_once_a_calendar_day(page: Page, shop: Site) -> None:
    names: list[str] = []

    def note(body: str | None) -> None:
        calls = [] if body is None else json.loads(body)["batch"]
        names.extend(call["messageId"] for call in calls if call.get("ea") == "identify")

    page.on("request", lambda request: note(request.post_data if "/v1/b" in request.url else None))
    evening = datetime(2026, 3, 1, 23, 45)  # noqa: DTZ001 - the clock of the browser
    page.clock.install(time=evening)
    page.goto(shop.plain)
    page.wait_for_function("() => window.web_event.onefold")
    page.evaluate(sign_in(f"c-{uuid4().hex}"))
    for _ in range(2):
        page.clock.run_for(timedelta(minutes=5) // timedelta(milliseconds=1))
    assert names == []  # the clock runs on by itself as well: it is some time before midnight
    page.clock.run_for(timedelta(minutes=6) // timedelta(milliseconds=1))
    for _ in range(2):
        page.clock.fast_forward(timedelta(days=1) // timedelta(milliseconds=1))
        page.evaluate("onefold.track('Browsed'); onefold.track('Browsed');")
        page.clock.run_for(1_000)
    page.clock.run_for(1_000)
    page.wait_for_function("() => onefold.flush().then(() => true)")
    days = [name.rsplit(":", 1)[1] for name in dict.fromkeys(names)]
    assert days == ["2026-03-02", "2026-03-03", "2026-03-04"]


def test_plain_names_do_the_same(page: Page, server: Server, shop: Site) -> None:
    visit(page, shop.plain)
    script = (
        "const cid = await onefold.hash(` ${crypto.randomUUID()}@Example.com`);"
        "onefold.setAttributes({ theme: 'dark' }); onefold.track('Looked', { sku: 1 });"
        "onefold.identify(cid, { plan: 'free' }); return cid;"
    )
    customer = server.customer(do(page, script))
    assert customer["attributes"]["theme"] == "dark"
    assert customer["attributes"]["plan"] == "free"
    assert customer["activities"]["Looked"] == 1


SEED_LOADER = """<script>
var _portalId = "33167"; var _propId = "wk_tests";
window._cdp365Analytics = { default_event: %s, page: { page_type: "home" },
  track: [["browsing", "product_search", { extra: { src_search_term: "mug" } }]] };
(function () {
  var w = window; if (w.web_event) return;
  var a = (w.web_event = function () { a.queue.push(arguments); });
  a.propId = _propId; a.track = a; a.queue = [];
  var e = document.createElement("script"); e.async = true; e.src = "%s/sdk/onefold.js";
  document.head.appendChild(e);
})();
web_event("track", "product", "view", {});
web_event.track("product", "click", {});
</script>"""


@pytest.mark.parametrize("automatic", [0, 1])
def test_the_seeds_own_loader_and_page_object_work(
    page: Page, server: Server, shop: Site, automatic: int
) -> None:
    visit(page, shop.add("/seed", SEED_LOADER % (automatic, server.url)))
    sent(page)
    activities = server.visitor(uid(page))["activities"]
    expected = {"browsing/product_search": 1, "product/view": 1, "product/click": 1}
    assert activities == expected | ({"$page": 1} if automatic else {})


def test_changes_of_the_address_are_page_views(page: Page, server: Server, shop: Site) -> None:
    visit(page, shop.plain)
    page.evaluate("history.pushState(null, '', '/?shelf=mugs')")
    page.wait_for_timeout(0)
    page.evaluate("history.back()")
    page.wait_for_function("() => location.search === ''")
    page.evaluate("new Promise((resolve) => setTimeout(resolve))")
    sent(page)
    assert server.visitor(uid(page))["activities"] == {"$page": 3}
