"""A join is associative, commutative and idempotent (rule F3)."""

from functools import reduce

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from immutables import Map

from domain.attributes import Policy, Value, joined, written
from domain.commands import Call
from domain.origin import CID_ALONE, Origin, Origins, combine, join, total
from tests.controls.calls import raw
from tests.controls.world import customer
from tests.properties.strategies import (
    LAWS,
    LINKS,
    POLICIES,
    SEVERAL_PEOPLE,
    attributes,
    calls_of,
    json_values,
    one_by_one,
)

times = st.integers(-1, 3)
message_ids = st.sampled_from("abc")
spans = st.just((None, None)) | st.tuples(times, times).map(sorted)
counts = st.dictionaries(st.sampled_from("AB"), st.integers(1, 3))


def values(policy: Policy) -> st.SearchStrategy[Value]:
    """Choose what one write or two make under a policy."""

    def join_few(writes: list[tuple[int, str, bytes]]) -> Value | None:
        made = [value for write in writes if (value := written(policy, *write)) is not None]
        return reduce(lambda left, right: joined(policy, left, right), made) if made else None

    write = st.tuples(times, message_ids, json_values.map(msgspec.json.encode))
    some = st.lists(write, min_size=1, max_size=2).map(join_few)
    return some.filter(lambda value: value is not None).map(lambda value: value or frozenset())


@st.composite
def origins_of_one_uid(draw: st.DrawFn) -> Origin:
    """Choose any state of one origin."""
    origin = Origin()
    for values in draw(st.lists(attributes, max_size=2)):
        origin = origin.write(POLICIES, draw(times), draw(message_ids), raw(values))
    seen, identified = draw(spans), draw(spans)
    return Origin(
        origin.attributes,
        seen[0],
        seen[1],
        draw(counts),
        draw(st.frozensets(st.sampled_from(LINKS))),
        identified[0],
        identified[1],
    )


one = origins_of_one_uid()
many = st.dictionaries(st.sampled_from(["u1", "u2", CID_ALONE]), one).map(Map)


@pytest.mark.parametrize("policy", Policy)
@LAWS
@given(data=st.data())
def test_f1_joining_values_is_associative_commutative_and_idempotent(
    policy: Policy, data: st.DataObject
) -> None:
    a, b, c = (data.draw(values(policy)) for _ in range(3))

    def join_values(left: Value, right: Value) -> Value:
        return joined(policy, left, right)

    assert join_values(a, b) == join_values(b, a)
    assert join_values(a, join_values(b, c)) == join_values(join_values(a, b), c)
    assert join_values(a, a) == a
    assert join_values(join_values(a, b), b) == join_values(a, b)


@LAWS
@given(many, many, many)
def test_f3_joining_profiles_is_associative_commutative_and_idempotent(
    a: Origins, b: Origins, c: Origins
) -> None:
    def join_all(left: Origins, right: Origins) -> Origins:
        return join(POLICIES, left, right)

    assert join_all(a, b) == join_all(b, a)
    assert join_all(a, join_all(b, c)) == join_all(join_all(a, b), c)
    assert join_all(a, a) == a
    assert join_all(a, Map()) == join_all(Map(), a) == a


@LAWS
@given(one, one, one)
def test_f3_adding_origins_up_is_associative_and_commutative(
    a: Origin, b: Origin, c: Origin
) -> None:
    def add(left: Origin, right: Origin) -> Origin:
        return combine(POLICIES, left, right)

    assert add(a, b) == add(b, a)
    assert add(a, add(b, c)) == add(add(a, b), c)
    assert add(a, Origin()) == add(Origin(), a) == msgspec.structs.replace(a, links=frozenset())


@LAWS
@given(many, many)
def test_f3_the_total_of_all_is_the_sum_of_the_totals(a: Origins, b: Origins) -> None:
    apart = Map({f"other {uid}": origin for uid, origin in b.items()})
    both = total(POLICIES, join(POLICIES, a, apart))
    assert both == combine(POLICIES, total(POLICIES, a), total(POLICIES, b))


@LAWS
@given(calls_of(SEVERAL_PEOPLE), st.data())
def test_f3_of_two_copies_of_a_customer_the_further_one_wins(
    calls: list[Call], data: st.DataObject
) -> None:
    further = one_by_one(calls)
    shorter = one_by_one(calls[: data.draw(st.integers(0, len(calls)))])
    for cid in SEVERAL_PEOPLE:
        if (behind := shorter.profiles.get(customer(cid))) is not None:
            ahead = further.profile(customer(cid)).origins
            assert join(POLICIES, behind.origins, ahead) == ahead
