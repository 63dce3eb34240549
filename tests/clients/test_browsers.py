"""SDKs of browsers, unmodified, in a real Chromium on another origin than Onefold's."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import Any, Final

import pytest
from playwright.sync_api import Browser

from tests.browser import browsing, needs_chromium, needs_node, visiting
from tests.clients.faults import AFTER, HELD_OFF, STORM, Fault
from tests.clients.journeys import GROUP, TRAITS, People, added, counted, people
from tests.clients.programs import needs_sdks
from tests.clients.proxy import Proxy, between
from tests.clients.site import shop as serving_shop
from tests.clients.visits import ANAS, BENS, Sdk, Visit
from tests.cluster.server import Server

pytestmark = [pytest.mark.ray, pytest.mark.slow, needs_chromium, needs_node, needs_sdks]

SOON: Final = 100
"""Milliseconds after which batches go out."""

LONG: Final = 60_000

BATCHING: Final = {"strategy": "batching", "config": {"size": 3, "timeout": SOON}}
LATER: Final = {"strategy": "batching", "config": {"size": 100, "timeout": LONG}}
QUICK: Final = {"minRetryDelay": SOON, "backoffFactor": 1, "timerScaleFactor": 1}
SEGMENT: Final = {
    "segment": Sdk("segment", "npm:next-1.84.3", frozenset({"/v1/p", "/v1/t", "/v1/i", "/v1/g"})),
    "segment-batching": Sdk(
        "segment",
        "npm:next-1.84.3",
        frozenset({"/v1/b"}),
        {"integrations": {"Segment.io": {"deliveryStrategy": BATCHING}}},
    ),
}
RUDDER: Final = {
    "rudder": Sdk(
        "rudder",
        "3.34.1",
        frozenset({"/v1/page", "/v1/track", "/v1/identify", "/v1/group"}),
        {"queueOptions": QUICK},
    ),
    "rudder-batching": Sdk(
        "rudder",
        "3.34.1",
        frozenset({"/v1/batch"}),
        {"queueOptions": QUICK | {"batch": {"enabled": True, "flushInterval": SOON}}},
    ),
    "rudder-beacon": Sdk(
        "rudder",
        "3.34.1",
        frozenset({"/beacon/v1/batch"}),
        {"useBeacon": True, "beaconQueueOptions": {"maxItems": 3, "flushQueueInterval": SOON}},
    ),
}
ALL: Final = SEGMENT | RUDDER
RETRYING: Final = {name: sdk for name, sdk in ALL.items() if name != "rudder-beacon"}
LEAVING: Final = {
    "segment-batching": Sdk(
        "segment",
        "npm:next-1.84.3",
        frozenset({"/v1/b"}),
        {"integrations": {"Segment.io": {"deliveryStrategy": LATER}}},
    ),
    "rudder-beacon": Sdk(
        "rudder",
        "3.34.1",
        frozenset({"/beacon/v1/batch"}),
        {"useBeacon": True, "beaconQueueOptions": {"flushQueueInterval": LONG}},
    ),
}
"""Batches that nothing but the end of the page sends."""

TWO_PEOPLE: Final = {"activities": 6, "customers": 2, "folds": 2, "refusals": 0, "rejections": 0}
Visiting = Callable[..., tuple[Visit, Proxy]]


def with_each(sdks: dict[str, Sdk]) -> pytest.MarkDecorator:
    """Run a test with each of these SDKs."""
    return pytest.mark.parametrize("sdk", sdks.values(), ids=sdks)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the shop's pages."""
    with serving_shop(tmp_path_factory.mktemp("shop")) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A running Chromium."""
    with browsing() as running:
        yield running


@pytest.fixture
def visiting_with(server: Server, shop: str, browser: Browser) -> Iterator[Visiting]:
    """Visit the shop with an SDK whose requests meet these faults."""
    with ExitStack() as stack:

        def visit(sdk: Sdk, faults: Iterable[Fault] = ()) -> tuple[Visit, Proxy]:
            proxy = stack.enter_context(between(server.url, faults))
            page = stack.enter_context(visiting(browser))
            return Visit(page, proxy, sdk, shop), proxy

        yield visit


@with_each(SEGMENT)
def test_two_people_on_one_browser_are_two_customers(
    sdk: Sdk, server: Server, visiting_with: Visiting
) -> None:
    who, before = people(), counted(server)
    visit, proxy = visiting_with(sdk)
    visit.browse()
    anas = visit.uid
    visit.sign_up(who.ana)
    visit.reset()
    visit.log_in(who.ben)
    must_be_two(server, who, [anas], [visit.uid])
    must_be_unmodified(proxy, sdk)
    assert added(before, counted(server)) == TWO_PEOPLE


@with_each(SEGMENT)
def test_segment_parts_two_people_even_without_a_reset(
    sdk: Sdk, server: Server, visiting_with: Visiting
) -> None:
    who = people()
    visit, _ = visiting_with(sdk)
    visit.browse()
    anas = visit.uid
    visit.sign_up(who.ana)
    visit.switch(who.ben)
    ana, ben = server.customer(who.ana), server.customer(who.ben)
    assert [ana["uids"], ben["uids"]] == [[anas], [visit.uid]]
    assert [ana["refusals"], ben["refusals"]] == [[], []]
    assert ben["activities"] == {"Product Viewed": 1}


def test_segments_alias_to_oneself_changes_nothing(server: Server, visiting_with: Visiting) -> None:
    who, before = people(), counted(server)
    visit, _ = visiting_with(SEGMENT["segment"])
    visit.browse()
    visit.sign_up(who.ana)
    profile = server.customer(who.ana)
    visit.rename(who.ana)
    assert server.customer(who.ana) == profile
    assert added(before, counted(server)).items() >= {"refusals": 0, "rejections": 0}.items()


@with_each(RUDDER)
def test_rudders_reset_keeps_the_uid_which_stays_its_first_customers(
    sdk: Sdk, server: Server, visiting_with: Visiting
) -> None:
    who, before = people(), counted(server)
    visit, proxy = visiting_with(sdk)
    visit.browse()
    uid = visit.uid
    visit.sign_up(who.ana)
    visit.reset()
    visit.log_in(who.ben)
    assert visit.uid == uid
    must_be_unmodified(proxy, sdk)
    ana, ben = server.customer(who.ana), server.customer(who.ben)
    assert [ana["uids"], ben["uids"]] == [[uid], []]
    assert [ana["refusals"], codes(ben)] == [[], ["merge_refused"]]
    assert ana["activities"] == ANAS | {"$page": 2}
    assert ben["activities"] == {"Product Viewed": 1}
    assert ana["attributes"].items() >= {**TRAITS, "groups": [GROUP]}.items()
    assert added(before, counted(server)) == TWO_PEOPLE | {"folds": 1, "refusals": 1}


@with_each(RUDDER)
def test_rudders_whole_reset_parts_two_people(
    sdk: Sdk, server: Server, visiting_with: Visiting
) -> None:
    who, before = people(), counted(server)
    visit, _ = visiting_with(sdk)
    visit.browse()
    anas = visit.uid
    visit.sign_up(who.ana)
    visit.reset({"entries": {"anonymousId": True}})
    visit.log_in(who.ben)
    must_be_two(server, who, [anas], [visit.uid])
    assert added(before, counted(server)) == TWO_PEOPLE


def test_rudders_alias_of_a_customer_and_with_it_of_its_uid_is_refused_visibly(
    server: Server, visiting_with: Visiting
) -> None:
    who = people()
    visit, _ = visiting_with(RUDDER["rudder"])
    visit.browse()
    visit.sign_up(who.ana)
    profile = server.customer(who.ana)
    visit.rename(who.ben)
    assert server.customer(who.ana) == profile
    assert codes(server.customer(who.ben)) == ["customers_never_merge", "merge_refused"]


@with_each(RETRYING)
def test_a_storm_loses_nothing_and_doubles_nothing(
    sdk: Sdk, server: Server, visiting_with: Visiting
) -> None:
    who, before = people(), counted(server)
    visit, proxy = visiting_with(sdk, STORM)
    visit.browse()
    uid = visit.uid
    visit.sign_up(who.ana)
    assert not proxy.faults
    ana = server.customer(who.ana)
    assert [ana["uids"], ana["activities"]] == [[uid], ANAS]
    expected = {"activities": 4, "customers": 1, "folds": 1, "refusals": 0, "rejections": 0}
    assert added(before, counted(server)) == expected


@with_each(SEGMENT)
def test_segment_reads_across_origins_when_to_come_back(sdk: Sdk, visiting_with: Visiting) -> None:
    visit, proxy = visiting_with(sdk, [HELD_OFF])
    visit.browse()
    first = next(seen for seen in proxy.posts if seen.status == 429)
    again = [
        seen
        for seen in proxy.posts
        if seen.status == 200 and set(seen.message_ids) & set(first.message_ids)
    ]
    assert again[0].at - first.at >= AFTER


@with_each(LEAVING)
def test_what_waits_is_sent_when_the_page_is_left(
    sdk: Sdk, server: Server, visiting_with: Visiting
) -> None:
    visit, _ = visiting_with(sdk)
    uid = visit.uid
    visit.browse(leaving=True)
    assert server.visitor(uid)["activities"] == {"$page": 1, "Product Viewed": 1}


def must_be_two(server: Server, who: People, anas: list[str], bens: list[str]) -> None:
    """Check that two customers are whole and apart."""
    ana, ben = server.customer(who.ana), server.customer(who.ben)
    assert [ana["uids"], ben["uids"]] == [anas, bens]
    assert anas != bens
    assert [ana["activities"], ben["activities"]] == [ANAS, BENS]
    assert [ana["refusals"], ben["refusals"]] == [[], []]
    assert ana["attributes"].items() >= {**TRAITS, "groups": [GROUP]}.items()


def must_be_unmodified(proxy: Proxy, sdk: Sdk) -> None:
    """Check who sent the calls, and where to."""
    calls = [call for seen in proxy.posts for call in seen.calls]
    assert {call["context"]["library"]["version"] for call in calls} == {sdk.version}
    assert {seen.path.partition("?")[0] for seen in proxy.posts} == sdk.paths


def codes(customer: dict[str, Any]) -> list[str]:
    """Name what was refused to a customer."""
    return [refusal["code"] for refusal in customer["refusals"]]
