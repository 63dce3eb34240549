"""Attribute values as registers that converge (rule F1)."""

from itertools import permutations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.attributes import (
    UNION_SIZE,
    Policies,
    Policy,
    Register,
    Value,
    joined,
    rewritten,
    shown,
    written,
)
from tests.controls.calls import identify, track
from tests.controls.times import day
from tests.controls.world import World

Write = tuple[int, str, object]

VALUES = st.sampled_from(["x", "y", None, 1, ["x"], ["x", "y"], [["x"]], {"a": 1}])


def shown_of(policy: Policy, *writes: Write) -> object:
    """Show what these writes make, provided that every order makes the same."""
    first, *others = [shown(_joined(policy, order)) for order in permutations(writes)]
    assert others == [first] * len(others)
    return first


def _joined(policy: Policy, writes: tuple[Write, ...]) -> Value:
    values = [written(policy, at, name, msgspec.json.encode(raw)) for at, name, raw in writes]
    there, *rest = [value for value in values if value is not None]
    for value in rest:
        there = joined(policy, there, value)
    return there


def plan(world: World) -> object:
    return world.document_of_customer("c1")["attributes"].get("plan")


def test_f1_the_latest_write_wins_whatever_the_order_of_arrival() -> None:
    assert shown_of(Policy.LATEST, (1, "a", "free"), (3, "b", "pro"), (2, "c", "team")) == "pro"


def test_f1_at_the_same_time_the_greater_message_id_wins() -> None:
    assert shown_of(Policy.LATEST, (1, "m1", "free"), (1, "m2", "pro")) == "pro"


def test_f1_two_values_of_one_write_still_have_one_winner() -> None:
    assert shown_of(Policy.LATEST, (1, "m1", "free"), (1, "m1", "pro")) == "pro"


def test_f1_the_earliest_write_wins_under_earliest() -> None:
    assert shown_of(Policy.EARLIEST, (2, "a", "ads"), (1, "b", "mail"), (3, "c", "web")) == "mail"


@pytest.mark.parametrize(
    ("policy", "expected"), [(Policy.MIN, -2), (Policy.MAX, 10)], ids=["min", "max"]
)
def test_f1_min_and_max_compare_numbers_as_numbers(policy: Policy, expected: object) -> None:
    assert shown_of(policy, (1, "a", 10), (2, "b", 9.5), (3, "c", -2)) == expected


@pytest.mark.parametrize(
    ("policy", "expected"), [(Policy.MIN, 2), (Policy.MAX, [0])], ids=["min", "max"]
)
def test_f1_min_and_max_order_numbers_before_texts_before_the_rest(
    policy: Policy, expected: object
) -> None:
    assert shown_of(policy, (1, "a", "x"), (2, "b", 2), (3, "c", [0])) == expected


def test_f1_of_equal_extremes_the_earlier_write_is_kept() -> None:
    for policy in (Policy.MIN, Policy.MAX):
        late, early = Register(2, "b", b"1.0"), Register(1, "a", b"1")
        assert joined(policy, late, early) == joined(policy, early, late) == early


def test_f1_a_union_holds_every_member_once_in_one_order() -> None:
    members = shown_of(Policy.UNION, (1, "a", ["x", "y"]), (2, "b", "z"), (3, "c", ["y", 1]))
    assert members == ["x", "y", "z", 1]


def test_f1_members_of_a_union_are_compared_by_value_not_by_how_they_were_written() -> None:
    union = joined(
        Policy.UNION,
        _joined(Policy.UNION, ((1, "a", {"a": 1, "b": 2}),)),
        _joined(Policy.UNION, ((2, "b", {"b": 2, "a": 1}),)),
    )
    assert shown(union) == [{"a": 1, "b": 2}]


def test_f1_a_union_keeps_its_smallest_members_beyond_its_cap_in_any_order() -> None:
    low, high = [f"{n:05}" for n in range(UNION_SIZE)], [f"{n:05}" for n in range(UNION_SIZE, 2000)]
    members = shown_of(Policy.UNION, (1, "a", high), (2, "b", low[::2]), (3, "c", low[1::2]))
    assert members == low


def test_f1_a_value_kept_under_another_policy_joins_a_union_as_the_members_it_stands_for() -> None:
    union = frozenset({b'"a"'})
    for value, members in [(b'["b"]', ["a", "b"]), (b'"b"', ["a", "b"]), (b"null", ["a"])]:
        register = Register(1, "m1", value)
        assert shown(joined(Policy.UNION, register, union)) == members
        assert shown(joined(Policy.UNION, union, register)) == members


def test_f1_null_removes_and_a_later_write_brings_back() -> None:
    world = World()
    world.send(identify(cid="c1", attributes={"plan": "pro"}, at=day(1)))
    world.send(identify(cid="c1", attributes={"plan": None}, at=day(2)))
    assert "plan" not in world.document_of_customer("c1")["attributes"]
    world.send(identify(cid="c1", attributes={"plan": "team"}, at=day(3)))
    assert plan(world) == "team"


def test_f1_null_is_a_write_with_a_time_so_that_an_older_value_arriving_late_stays_removed() -> (
    None
):
    world = World()
    world.send(identify(cid="c1", attributes={"plan": None}, at=day(2)))
    world.send(identify(cid="c1", attributes={"plan": "pro"}, at=day(1)))
    assert plan(world) is None


@pytest.mark.parametrize("policy", [Policy.EARLIEST, Policy.MIN, Policy.MAX, Policy.UNION])
def test_f1_under_any_other_policy_null_is_no_value(policy: Policy) -> None:
    assert written(policy, 1, "a", b"null") is None


@pytest.mark.parametrize("falsy", [0, False, "", [], {}])
def test_f1_a_value_that_is_merely_falsy_is_a_value(falsy: object) -> None:
    world = World()
    world.send(identify(cid="c1", attributes={"plan": falsy}))
    assert plan(world) == falsy


@pytest.mark.parametrize(
    ("name", "policy"),
    [
        ("initial_referrer", Policy.EARLIEST),
        ("first_utm_source", Policy.EARLIEST),
        ("first_name", Policy.LATEST),
        ("groups", Policy.UNION),
        ("$sources", Policy.UNION),
        ("$browser", Policy.LATEST),
        ("$utm_source", Policy.LATEST),
        ("$initial_utm_source", Policy.EARLIEST),
        ("$initial_anything", Policy.EARLIEST),
        ("plan", Policy.LATEST),
        ("firstborn", Policy.LATEST),
    ],
)
def test_f1_the_policy_follows_from_the_name(name: str, policy: Policy) -> None:
    assert Policies().of(name) is policy


@given(
    st.sampled_from(list(Policy)),
    st.lists(st.tuples(st.integers(1, 4), st.sampled_from("abc"), VALUES), max_size=6),
)
def test_f1_rewriting_is_joining_with_what_is_written(policy: Policy, writes: list[Write]) -> None:
    have = expected = None
    for at, name, value in writes:
        raw = msgspec.json.encode(value)
        have = rewritten(policy, have, at, name, raw)
        new = written(policy, at, name, raw)
        if new is not None:
            expected = new if expected is None else joined(policy, expected, new)
    assert have == expected


def test_f1_a_list_is_not_taken_for_the_member_that_looks_like_it() -> None:
    have = written(Policy.UNION, 1, "a", b'[["x"]]')
    assert have is not None
    again = rewritten(Policy.UNION, have, 2, "b", b'["x"]')
    assert again is not None
    assert shown(again) == ["x", ["x"]]


def test_f1_a_configured_policy_replaces_the_one_of_the_prefix() -> None:
    assert Policies({"first_order": Policy.LATEST}).of("first_order") is Policy.LATEST


def test_f1_a_first_touch_survives_whatever_comes_later() -> None:
    world = World()
    world.send(identify("u1", attributes={"initial_referrer": "news"}, at=day(3)))
    world.send(identify("u2", attributes={"initial_referrer": "ads"}, at=day(1)))
    world.send(identify("u1", "c1", at=day(4)), identify("u2", "c1", at=day(4)))
    assert world.document_of_customer("c1")["attributes"] == {"initial_referrer": "ads"}


def test_f1_a_first_name_is_corrected_like_any_name() -> None:
    world = World()
    world.send(identify(cid="c1", attributes={"first_name": "Anna"}, at=day(1)))
    world.send(identify(cid="c1", attributes={"first_name": "Ana"}, at=day(2)))
    assert world.document_of_customer("c1")["attributes"] == {"first_name": "Ana"}


def test_f1_the_policies_of_the_deployment_decide() -> None:
    world = World(Policies({"score": Policy.MAX, "tags": Policy.UNION}))
    world.send(
        track(cid="c1", attributes={"score": 7, "tags": "a"}, at=day(1)),
        track(cid="c1", attributes={"score": 3, "tags": "b"}, at=day(2)),
    )
    attributes = world.document_of_customer("c1")["attributes"]
    assert attributes == {"score": 7, "tags": ["a", "b"]}


def test_f1_min_and_max_compare_numbers_of_any_size_exactly() -> None:
    assert shown_of(Policy.MAX, (1, "a", 2**53), (2, "b", 2**53 + 1)) == 2**53 + 1
    assert shown_of(Policy.MIN, (1, "a", 10**310), (2, "b", 1e308)) == 1e308
