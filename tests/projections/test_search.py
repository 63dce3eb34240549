"""Finding profiles: what each operator means, orders, pages, plans."""

from collections.abc import Iterator
from typing import Any

import pytest

from domain.errors import BadTimestamp
from domain.instants import rfc3339
from projections.queries import plan
from projections.queries.errors import BadQuery
from projections.queries.filters import EVERYTHING, parse_filter, read_filter
from projections.queries.search import Search, find
from tests.controls.times import day
from tests.projections.asking import NOW, Asked, attribute, column, found, people
from tests.projections.views import folded

YES, NO = True, False
EVERYBODY = {"ana", "ben", "u3", "u4"}


@pytest.fixture(params=["starting from the few", "walking in order"])
def moment(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    """Give the views of some people, asked in both ways."""
    if request.param == "walking in order":
        monkeypatch.setattr(plan, "FEW", -1)
        monkeypatch.setattr(plan, "COUNTED", -1)
    with folded(people().log) as views:
        yield Asked(views)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (attribute("plan", "=", "pro"), {"ana"}),
        (attribute("plan", "!=", "pro"), {"ben", "u3", "u4"}),
        (attribute("plan", "starts_with", "pr"), {"ana", "u3"}),
        (attribute("plan", "contains", "r"), {"ana", "ben", "u3"}),
        (attribute("plan", "contains", "R"), set()),
        (attribute("plan", "contains", "%"), set()),
        (attribute("city", "starts_with", "Kö"), {"u4"}),
        (attribute("plan", "<", "pr"), {"ben"}),
        (attribute("plan", "in", ["pro", "free"]), {"ana", "ben"}),
        (attribute("plan", "exists"), {"ana", "ben", "u3"}),
        (attribute("plan", "exists", NO), {"u4"}),
        (attribute("home", "exists", YES), {"u4"}),
        (attribute("none", "exists"), {"u4"}),
        (attribute("age", "=", 30), {"ana"}),
        (attribute("age", "=", "30"), set()),
        (attribute("age", ">", 30), {"ben"}),
        (attribute("age", ">=", 30), {"ana", "ben"}),
        (attribute("age", "<", 41.5), {"ana"}),
        (attribute("age", "<=", 41.5), {"ana", "ben"}),
        (attribute("age", "in", [30, "x", True]), {"ana"}),
        (attribute("vip", "=", YES), {"ben"}),
        (attribute("vip", "=", 1), set()),
        (attribute("tags", "=", "y"), {"ana"}),
        (attribute("tags", "!=", "y"), {"ben", "u3", "u4"}),
        (column("kind", "=", "visitor"), {"u3", "u4"}),
        (column("cid", "in", ["ben", "cy"]), {"ben"}),
        (column("cid", "!=", "ben"), {"ana", "u3", "u4"}),
        (column("uid", "exists"), {"u3", "u4"}),
        (column("uid", "exists", NO), {"ana", "ben"}),
        (column("last_seen", ">=", rfc3339(day(7))), {"ana", "u3"}),
        (column("last_seen", "<", rfc3339(day(7))), {"ben"}),
        (column("last_seen", "!=", rfc3339(day(7))), {"ana", "ben", "u4"}),
        (column("first_seen", "exists", NO), {"u4"}),
        (column("activity_count", ">", 1), {"ana"}),
        ({"activity": "Bought"}, {"ana"}),
        ({"activity": "$page", "last_days": 6}, {"ben", "u3"}),
        ({"activity": "$page", "last_days": 5}, {"u3"}),
        ({"activity": "Bought", "at_least": 3}, {"ana"}),
        ({"activity": "Bought", "at_least": 3, "last_days": 2}, set()),
        ({"activity": "Bought", "at_least": 2, "last_days": 2}, {"ana"}),
        ({"activity": "Bought", "at_least": 4}, set()),
        (
            {"and": [attribute("plan", "exists"), column("kind", "=", "customer")]},
            {"ana", "ben"},
        ),
        ({"and": [attribute("tags", "=", "x"), attribute("tags", "=", "y")]}, {"ana"}),
        ({"and": [attribute("age", ">=", 30), attribute("age", "<", 41)]}, {"ana"}),
        (
            {"or": [attribute("plan", "=", "pro"), attribute("vip", "=", YES), {"activity": "X"}]},
            {"ana", "ben"},
        ),
        (
            {
                "and": [
                    {"or": [attribute("plan", "=", "pro"), attribute("plan", "=", "free")]},
                    {"or": [attribute("age", ">", 40), attribute("age", "!=", 30)]},
                ]
            },
            {"ben"},
        ),
        (
            {"or": [{"and": [attribute("plan", "=", "pro")]}, column("uid", "=", "u4")]},
            {"ana", "u4"},
        ),
        (
            {
                "or": [
                    {"or": [attribute("plan", "=", "pro"), attribute("vip", "=", YES)]},
                    {"and": [attribute("age", ">", 40), attribute("age", "<", 42)]},
                    {"activity": "X"},
                ]
            },
            {"ana", "ben"},
        ),
        (
            {"and": [column("kind", "=", "customer"), attribute("plan", "!=", "free")]},
            {"ana"},
        ),
    ],
)
def test_a_filter_finds_those_it_holds_for(
    moment: Asked, told: dict[str, Any], expected: set[str]
) -> None:
    assert set(found(moment, told)) == expected
    counted = find(moment, Search(read_filter(told), count=True, limit=1), NOW)
    assert counted.count == len(expected)


def test_without_a_filter_everybody_is_found(moment: Asked) -> None:
    assert set(found(moment)) == EVERYBODY


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("last_seen", ["u4", "ben", "u3", "ana"]),
        ("-last_seen", ["ana", "u3", "ben", "u4"]),
        ("-first_seen", ["u3", "ben", "ana", "u4"]),
        ("-activity_count", ["ana", "u3", "ben", "u4"]),
        ("born", ["ana", "ben", "u3", "u4"]),
    ],
)
@pytest.mark.parametrize(
    "told",
    [
        None,
        column("kind", "in", ["visitor", "customer"]),
        {"and": [column("kind", "!=", "x"), column("first_seen", "!=", rfc3339(day(30)))]},
    ],
)
@pytest.mark.parametrize("count", [False, True])
def test_pages_follow_each_other_in_order(
    moment: Asked, sort: str, expected: list[str], told: dict[str, Any] | None, *, count: bool
) -> None:
    tree = EVERYTHING if told is None else read_filter(told)
    seen: list[str] = []
    after: str | None = None
    for _ in expected:
        search = Search(tree, sort=sort, limit=1, after=after, count=True)
        seen += found(moment, told, sort=sort, limit=1, after=after, count=count)
        page_found = find(moment, search, NOW)
        assert page_found.count == len(expected)
        after = page_found.next
    assert (seen, after) == (expected, None)


def test_attributes_that_nobody_has_are_told(moment: Asked) -> None:
    told = {"or": [attribute("plam", "=", "pro"), attribute("plan", "=", "pro")]}
    assert find(moment, Search(read_filter(told)), NOW).unknown_attributes == ["plam"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "invalid_filter"),
        ("[]", "invalid_filter"),
        ("{}", "invalid_filter"),
        ('{"and": []}', "invalid_filter"),
        ('{"and": {}}', "invalid_filter"),
        ('{"and": [], "or": []}', "invalid_filter"),
        ('{"attribute": "", "op": "=", "value": 1}', "invalid_filter"),
        ('{"attribute": "a", "op": "=", "value": 1, "x": 1}', "invalid_filter"),
        ('{"attribute": "a", "op": "~", "value": 1}', "unknown_operator"),
        ('{"attribute": "a", "op": ["="], "value": 1}', "unknown_operator"),
        ('{"column": "last_seen", "op": "contains", "value": "x"}', "unknown_operator"),
        ('{"column": "plan", "op": "=", "value": 1}', "unknown_column"),
        ('{"column": [], "op": "=", "value": 1}', "unknown_column"),
        ('{"attribute": "a", "op": "=", "value": null}', "bad_value"),
        ('{"attribute": "a", "op": "=", "value": {}}', "bad_value"),
        ('{"attribute": "a", "op": "<", "value": true}', "bad_value"),
        ('{"attribute": "a", "op": "contains", "value": 1}', "bad_value"),
        ('{"attribute": "a", "op": "in", "value": []}', "bad_value"),
        ('{"attribute": "a", "op": "exists", "value": 1}', "bad_value"),
        ('{"attribute": "a", "op": "exists", "value": []}', "bad_value"),
        ('{"attribute": "a", "op": "=", "value": 1' + "0" * 400 + "}", "bad_value"),
        ('{"attribute": "a", "op": "=", "value": "' + "x" * 257 + '"}', "bad_value"),
        ('{"column": "activity_count", "op": "=", "value": 1.5}', "bad_value"),
        ('{"column": "activity_count", "op": "=", "value": 99999999999999999999}', "bad_value"),
        ('{"column": "last_seen", "op": ">", "value": 3}', "bad_value"),
        ('{"activity": "A", "at_least": 0}', "bad_value"),
        ('{"activity": "A", "last_days": 1000000}', "bad_value"),
        ('{"and": [{"or": [{"and": [{"activity": "A"}]}]}]}', "filter_too_deep"),
        ('{"and": [' + ",".join(['{"activity": "A"}'] * 21) + "]}", "filter_too_wide"),
    ],
)
def test_a_filter_that_makes_no_sense_is_told_why(text: str, code: str) -> None:
    with pytest.raises(BadQuery) as caught:
        parse_filter(text)
    assert caught.value.code == code


def test_a_time_that_is_none_is_told_so() -> None:
    with pytest.raises(BadTimestamp):
        parse_filter('{"column": "last_seen", "op": ">", "value": "yesterday"}')


def test_a_filter_of_twenty_times_twenty_is_asked(moment: Asked) -> None:
    group = {"or": [attribute("age", "=", n) for n in range(29, 49)]}
    assert found(moment, {"and": [group] * 20}) == ["ana"]


def test_the_longest_filter_is_asked(moment: Asked) -> None:
    """Its 40,000 values are near what a statement may be told."""
    spread = [[n * 100 + place for place in range(100)] for n in range(20)]
    group = {"or": [attribute("age", "in", ages) for ages in spread]}
    told = {"and": [group] * 20}
    assert found(moment, told) == ["ana"]
    assert find(moment, Search(read_filter(told), count=True), NOW).count == 1


@pytest.mark.parametrize("after", ["x", "é", "W10", "WyItbGFzdF9zZWVuIiwxLDJd", "!!!!"])
def test_a_cursor_that_no_page_gave_out_is_refused(moment: Asked, after: str) -> None:
    with pytest.raises(BadQuery) as caught:
        found(moment, after=after)
    assert caught.value.code == "bad_cursor"


def test_a_cursor_of_another_order_is_refused(moment: Asked) -> None:
    after = find(moment, Search(limit=1), NOW).next
    with pytest.raises(BadQuery) as caught:
        found(moment, sort="first_seen", after=after)
    assert caught.value.code == "bad_cursor"


def test_an_order_that_there_is_none_is_refused(moment: Asked) -> None:
    with pytest.raises(BadQuery) as caught:
        found(moment, sort="digest")
    assert caught.value.code == "bad_sort"
