"""Whichever way is chosen, a filter finds whom a look at everybody finds."""

import random
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.instants import date_text
from projections.queries import plan
from projections.queries.daily_counts import Daily, daily_counts
from projections.queries.filters import read_filter
from projections.queries.gathering import gathered
from projections.queries.search import Search, find
from tests.controls.calls import identify, track
from tests.controls.times import day
from tests.controls.world import World
from tests.projections.asking import NOW, Asked, found
from tests.projections.plainly import days_of, everybody_for_whom
from tests.projections.views import folded
from tests.store.effort import MANY

VALUES = (0, 1, 2, 2.5, "0", "1", "10", "a", True, False)
MEMBERS: tuple[object, ...] = ([], [1], [1, 2], [2, "1", True], [0, "a", 2.5], {"deep": 1})


class Crowd(NamedTuple):
    """Some people, and the views of them."""

    world: World
    moment: Asked


def crowd() -> World:
    """Make people with any values, half of them customers, of whom some have several UIDs."""
    chance = random.Random(7)
    world = World()
    for number in range(40):
        uid, cid = f"u{number}", f"c{number // 3}" if number % 2 else None
        for _ in range(chance.randrange(4)):
            name, at = chance.choice("AB"), day(chance.randint(5, 10))
            world.send(track(name, uid=uid, at=at, source=chance.choice(["web", "app"])))
        told = {name: chance.choice(VALUES + MEMBERS) for name in "xyz" if chance.random() < 0.8}
        world.send(identify(uid, cid, attributes=told, at=day(number)))
        world.send(track("A", uid=uid, at=day(10)))
    return world


@pytest.fixture(scope="module")
def people(database: str) -> Iterator[Crowd]:  # noqa: ARG001 - one in each
    """Fold them once: nothing changes them."""
    world = crowd()
    with folded(world.log) as views:
        yield Crowd(world, Asked(views))


names = st.sampled_from("xyzn")
scalars = st.sampled_from(VALUES)
attributes = st.one_of(
    st.fixed_dictionaries(
        {"attribute": names, "op": st.sampled_from(["=", "!="]), "value": scalars}
    ),
    st.fixed_dictionaries(
        {
            "attribute": names,
            "op": st.just("in"),
            "value": st.lists(scalars, min_size=1, max_size=4),
        }
    ),
    st.fixed_dictionaries(
        {
            "attribute": names,
            "op": st.sampled_from(["<", "<=", ">", ">="]),
            "value": st.sampled_from([0, 1, 2, "0", "1"]),
        }
    ),
    st.fixed_dictionaries(
        {
            "attribute": names,
            "op": st.sampled_from(["contains", "starts_with"]),
            "value": st.sampled_from(["0", "1", "a"]),
        }
    ),
    st.fixed_dictionaries({"attribute": names, "op": st.just("exists"), "value": st.booleans()}),
)
columns = st.fixed_dictionaries(
    {
        "column": st.sampled_from(["uid", "cid"]),
        "op": st.sampled_from(["=", "!="]),
        "value": st.sampled_from(["u2", "u4", "c1", "c5"]),
    }
)
activities = st.fixed_dictionaries(
    {"activity": st.sampled_from("ABC"), "at_least": st.integers(1, 4)},
    optional={"last_days": st.integers(1, 5)},
)
leaves = st.one_of(attributes, attributes, columns, activities)


def groups_of(items: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        lambda kind, told: {kind: told},
        st.sampled_from(["and", "or"]),
        st.lists(items, min_size=1, max_size=5),
    )


trees = st.one_of(leaves, groups_of(leaves), groups_of(st.one_of(leaves, groups_of(leaves))))


@MANY
@given(told=trees, few=st.sampled_from([-1, 3, 10, plan.FEW]))
def test_a_filter_finds_and_counts_whom_a_plain_scan_finds(
    people: Crowd, told: dict[str, Any], few: int
) -> None:
    expected = everybody_for_whom(people.world, read_filter(told), NOW)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "FEW", few)
        patch.setattr(plan, "COUNTED", few)
        assert sorted(found(people.moment, told)) == sorted(expected)
        counted = find(people.moment, Search(read_filter(told), count=True, limit=1), NOW)
        assert counted.count == len(expected)


@MANY
@given(trees)
def test_a_gathered_filter_holds_for_the_same_and_is_no_longer(
    people: Crowd, told: dict[str, Any]
) -> None:
    tree = read_filter(told)
    expected = everybody_for_whom(people.world, tree, NOW)
    assert everybody_for_whom(people.world, gathered(tree), NOW) == expected
    assert gathered(gathered(tree)) == gathered(tree)


def test_profiles_are_counted_once_a_day_whoever_they_were_then(people: Crowd) -> None:
    plainly = Counter(
        (date_text(day), name, source) for _, name, day, source in days_of(people.world)
    )
    told = daily_counts(people.moment, Daily(profiles=True))["days"]
    found_so = {(each["day"], each["name"], each["source"]): each["profiles"] for each in told}
    assert found_so == plainly
    assert any(each["profiles"] < each["count"] for each in told)
