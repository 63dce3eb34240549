"""What a profile knows, by where it came from (rules F2 and F3)."""

from functools import reduce

from immutables import Map

from domain.attributes import Policies
from domain.origin import CID_ALONE, Origin, combine, join, join_origin, total
from tests.controls.calls import device, identify, raw, track
from tests.controls.times import day
from tests.controls.world import World, customer

POLICIES = Policies()


def active(*activities: tuple[str, int]) -> Origin:
    return reduce(lambda origin, one: origin.active(*one), activities, Origin())


def test_f2_first_and_last_seen_are_the_extremes_of_its_activities() -> None:
    origin = active(("A", day(3)), ("B", day(1)), ("A", day(2)))
    assert (origin.first_seen, origin.last_seen) == (day(1), day(3))


def test_f2_activities_are_counted_by_name() -> None:
    assert active(("A", 1), ("B", 1), ("A", 2)).activities == {"A": 2, "B": 1}


def test_f2_link_keys_gather() -> None:
    origin = Origin().link((device("a"),)).link((device("b"), device("a")))
    assert origin.links == {device("a"), device("b")}


def test_m3_the_span_of_identifies_grows_both_ways() -> None:
    origin = Origin().identify(day(2)).identify(day(3)).identify(day(1))
    assert (origin.identified_from, origin.identified_to) == (day(1), day(3))


def test_m8_identifying_is_no_activity() -> None:
    assert Origin().identify(day(2)).first_seen is None


def test_f3_two_copies_of_one_origin_join_and_the_further_one_wins() -> None:
    short = active(("A", day(1)))
    long = short.active("A", day(2)).active("B", day(2))
    assert join_origin(POLICIES, short, long) == join_origin(POLICIES, long, short) == long


def test_f3_two_different_origins_add_up() -> None:
    both = combine(POLICIES, active(("A", day(1))), active(("A", day(2)), ("B", day(2))))
    assert both.activities == {"A": 2, "B": 1}
    assert (both.first_seen, both.last_seen) == (day(1), day(2))


def test_f3_joining_profiles_keeps_origins_apart() -> None:
    left, right = Map(u1=active(("A", 1))), Map(u2=active(("A", 2)))
    assert join(POLICIES, left, right) == Map(u1=active(("A", 1)), u2=active(("A", 2)))


def test_f1_of_two_writes_of_one_moment_the_greater_message_id_wins_in_either_order() -> None:
    def written(*message_ids: str) -> Origin:
        return reduce(
            lambda origin, m: origin.write(POLICIES, day(1), m, raw({"plan": m})),
            message_ids,
            Origin(),
        )

    assert written("m2", "m1") == written("m1", "m2") == written("m2")


def test_f3_the_profile_shown_is_the_sum_of_its_origins() -> None:
    plan = Origin().write(POLICIES, day(1), "m1", raw({"plan": "free"}))
    later = Origin().write(POLICIES, day(2), "m2", raw({"plan": "pro"}))
    whole = total(POLICIES, Map({"u1": later, "u2": plan, CID_ALONE: active(("A", day(1)))}))
    assert whole == later.active("A", day(1))


def test_f3_a_customer_keeps_apart_what_came_under_each_uid_and_under_the_cid_alone() -> None:
    world = World()
    world.send(
        track("A", uid="u1"),
        identify("u1", "c1", attributes={"plan": "free"}),
        track("B", uid="u1", cid="c1"),
        track("C", cid="c1"),
        track("D", uid="u2", cid="c1"),
    )
    origins = world.profile(customer("c1")).origins
    counted = {uid: dict(origin.activities) for uid, origin in origins.items()}
    assert counted == {"u1": {"A": 1, "B": 1}, "u2": {"D": 1}, CID_ALONE: {"C": 1}}
    assert set(origins["u1"].attributes) == {"plan"}


def test_f3_what_a_call_names_but_may_not_have_goes_to_the_cid_alone() -> None:
    world = World()
    world.send(identify("u1", "c1"), track("B", uid="u1", cid="c2"))
    origins = world.profile(customer("c2")).origins
    assert {uid: dict(origin.activities) for uid, origin in origins.items()} == {
        CID_ALONE: {"B": 1}
    }
