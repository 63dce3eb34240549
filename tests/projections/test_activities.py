"""The view `activities`: how often what happened, by day, source and origin."""

from domain.instants import DAY
from tests.controls.calls import identify, page, track
from tests.controls.times import day
from tests.controls.world import World, customer, visitor
from tests.projections.views import Views, folded, views


def daily(found: Views) -> dict[tuple[str, int, str], int]:
    rows = found.rows("activities_1_daily")
    return {(row["name"], row["day"], row["source"]): row["count"] for row in rows}


def by_profile(found: Views) -> dict[tuple[str, str, int], int]:
    rows = found.rows("activities_1_profile_days")
    return {(row["profile_id"], row["name"], row["day"]): row["count"] for row in rows}


def test_activities_are_counted_by_name_day_and_source() -> None:
    world = World()
    world.send(track("A", uid="u1", at=day(1)), track("A", uid="u2", at=day(1, hour=23.9)))
    world.send(track("A", uid="u1", at=day(2)), track("A", uid="u1", at=day(1), source="app"))
    for size in (1, 3, 1_000):
        with views() as found:
            found.fold(world.log, size)
            first, second = day(1) // DAY, day(2) // DAY
            assert daily(found) == {
                ("A", first, "web"): 2,
                ("A", first, "app"): 1,
                ("A", second, "web"): 1,
            }


def test_activities_move_to_the_customer_that_their_visitor_is_folded_into() -> None:
    world = World()
    world.send(page(uid="u1", at=day(1)), page(uid="u1", at=day(2)), page(uid="u2", at=day(1)))
    world.send(page(cid="c", at=day(1)), page(uid="u3", at=day(1)))
    world.send(identify("u1", "c", at=day(1)), page(uid="u1", at=day(1)))
    world.send(identify("u2", "c", at=day(3)))
    owner, other = world.profile(customer("c")).id.hex, world.profile(visitor("u3")).id.hex
    first, second = day(1) // DAY, day(2) // DAY
    for size in (1, 2, 3, 1_000):
        with views() as found:
            found.fold(world.log, size)
            assert by_profile(found) == {
                (owner, "$page", first): 4,
                (owner, "$page", second): 1,
                (other, "$page", first): 1,
            }
            assert daily(found) == {("$page", first, "web"): 5, ("$page", second, "web"): 1}


def test_a_day_before_1970_is_a_day_too() -> None:
    world = World()
    world.send(track("Born", uid="u1", at=-1))
    with folded(world.log) as found:
        assert daily(found) == {("Born", -1, "web"): 1}
