"""System attributes: what an activity's context tells (decision 0013)."""

from typing import Any

import pytest
import ua_parser

from domain.attributes import SYSTEM
from domain.commands import Identify
from service.wire.clients import load_patterns
from tests.wire.reading import call, decoded, read, the_track

CHROME = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/126.0.0.0 Safari/537.36"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
)
HERE, ELSEWHERE = "https://shop.example/a", "https://search.example/?q=x"


def told(kind: str = "track", **fields: Any) -> dict[str, Any]:
    """Give the system attributes of an activity, less the source that each has."""
    command = the_track(read(call(kind, event="e", groupId="g", **fields)))
    attributes = {name: decoded(raw) for name, raw in command.attributes.items()}
    assert attributes.pop("$sources") == "web"
    assert attributes.keys() <= SYSTEM.keys()
    return attributes


@pytest.mark.parametrize(
    ("agent", "attributes"),
    [
        (CHROME, {"$browser": "Chrome 126", "$os": "Mac OS X 10", "$device": "Mac"}),
        (IPHONE, {"$browser": "Mobile Safari 17", "$os": "iOS 17", "$device": "iPhone"}),
        ("curl/8.1", {"$browser": "curl 8"}),
        ("no such thing", {}),
        ("", {}),
        (7, {}),
        ("x" * 30_000, {}),
    ],
    ids=repr,
)
def test_a_user_agent_names_browser_system_and_device(
    agent: object, attributes: dict[str, str]
) -> None:
    assert told(context={"userAgent": agent}) == attributes


def test_what_an_app_says_of_its_device_counts_over_the_user_agent() -> None:
    context = {
        "userAgent": IPHONE,
        "os": {"name": "Android", "version": "14.0.1"},
        "device": {"model": "Pixel 8", "type": "android"},
    }
    assert told(context=context) == {
        "$browser": "Mobile Safari 17",
        "$os": "Android 14",
        "$device": "Pixel 8",
    }


def test_the_kind_of_a_device_counts_where_nothing_names_it_better() -> None:
    assert told(context={"device": {"type": "desktop"}}) == {"$device": "desktop"}
    context = {"device": {"type": "desktop"}, "userAgent": CHROME}
    assert told(context=context)["$device"] == "Mac"


def test_language_and_time_zone_are_taken_as_they_are_sent() -> None:
    context = {"locale": "de-AT", "timezone": "Europe/Vienna", "os": {"name": "", "version": ""}}
    assert told(context=context) == {"$language": "de-AT", "$time_zone": "Europe/Vienna"}


def test_a_referrer_is_the_last_and_maybe_the_first_one() -> None:
    context = {"page": {"url": HERE, "referrer": ELSEWHERE}}
    assert told(context=context) == {"$referrer": ELSEWHERE, "$initial_referrer": ELSEWHERE}


@pytest.mark.parametrize(
    "referrer", ["", "$direct", None, 7, "https://SHOP.example", HERE], ids=repr
)
def test_a_page_of_the_same_site_or_nobody_is_no_referrer(referrer: object) -> None:
    assert told(context={"page": {"url": HERE, "referrer": referrer}}) == {}


def test_an_sdk_that_remembers_the_first_referrer_is_believed() -> None:
    page = {"url": HERE, "referrer": HERE, "initial_referrer": ELSEWHERE}
    assert told(context={"page": page}) == {"$initial_referrer": ELSEWHERE}


def test_a_page_call_may_say_in_its_properties_who_referred_and_no_other_may() -> None:
    properties = {"referrer": ELSEWHERE}
    both = {"$referrer": ELSEWHERE, "$initial_referrer": ELSEWHERE}
    assert told("page", properties=properties) == both
    assert told("track", properties=properties) == {}


def test_a_campaign_is_the_last_and_maybe_the_first_one() -> None:
    campaign = {"source": "news", "medium": "mail", "name": "spring", "term": "", "content": "top"}
    attributes = told(context={"campaign": campaign})
    assert attributes == {
        "$utm_source": "news",
        "$utm_medium": "mail",
        "$utm_campaign": "spring",
        "$initial_utm_source": "news",
        "$initial_utm_medium": "mail",
        "$initial_utm_campaign": "spring",
        "$utm_content": "top",
        "$initial_utm_content": "top",
    }


@pytest.mark.parametrize("kind", ["track", "page", "screen", "group"])
def test_every_activity_tells_of_its_circumstances(kind: str) -> None:
    attributes = told(kind, context={"locale": "en"})
    attributes.pop("groups", None)
    assert attributes == {"$language": "en"}


def test_m8_an_identify_tells_of_none() -> None:
    (command,) = read(call("identify", context={"locale": "en", "userAgent": CHROME})).commands
    assert isinstance(command, Identify)
    assert command.attributes == {}


def test_a_long_value_is_cut() -> None:
    context = {"locale": "x" * 600, "page": {"referrer": "https://a.example/" + "y" * 600}}
    assert {len(value) for value in told(context=context).values()} == {512}


@pytest.mark.parametrize("odd", [None, 7, "x", [], [{}], {"name": {}, "url": 7, "source": []}])
def test_odd_parts_of_a_context_are_passed_over(odd: object) -> None:
    context = dict.fromkeys(("os", "device", "page", "campaign"), odd)
    assert told(context={**context, "device": odd}) == {}


def test_what_one_call_adds_does_not_show_on_the_next_of_the_same_client() -> None:
    assert "groups" in told("group", context={"locale": "fr"})
    assert told("track", context={"locale": "fr"}) == {"$language": "fr"}


def test_a_gateway_can_load_the_patterns_before_the_first_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They take a quarter of a second, in which it would answer nobody."""
    monkeypatch.delattr(ua_parser, "parser", raising=False)
    load_patterns()
    assert "parser" in vars(ua_parser)
