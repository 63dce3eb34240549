"""The view `identities`: whose every UID and CID is, and the link keys under it."""

from tests.controls.calls import device, identify, page
from tests.controls.times import day
from tests.controls.world import Who, World, customer, visitor
from tests.projections.views import Views, folded, views

SOFA = device("sofa")


def key(world: World, who: Who) -> str:
    return world.profile(who).id.hex


def owners(found: Views) -> dict[str, str]:
    return {row["value"]: row["profile_id"] for row in found.rows("identities_1_origins")}


def test_a_uid_is_its_visitors_until_a_customer_has_it() -> None:
    world = World()
    world.send(page(uid="u1", at=day(1), message_id="first"))
    with folded(world.log) as found:
        [row] = found.rows("identities_1_origins")
        mine = key(world, visitor("u1"))
        assert (row["stream_id"], row["profile_id"], row["rule"]) == (mine, mine, None)
        assert (row["since"], row["message_id"]) == (day(1), "first")


def test_a_folded_uid_points_to_its_customer_and_says_since_when_and_why() -> None:
    world = World()
    world.send(page(uid="u1", links=(SOFA,), at=day(1)), page(uid="u2", links=(SOFA,), at=day(3)))
    world.send(identify("u2", "c", at=day(7), message_id="sign-up"))
    for size in (1, 1_000):
        with views() as found:
            found.fold(world.log, size)
            ana = key(world, customer("c"))
            assert owners(found) == {"u1": ana, "u2": ana, "c": ana}
            rows = {row["value"]: row for row in found.rows("identities_1_origins")}
            assert [rows[name]["rule"] for name in ("u1", "u2", "c")] == [
                "link_key:device",
                "same_call",
                None,
            ]
            assert {row["message_id"] for row in rows.values()} == {"sign-up"}
            assert {row["since"] for row in rows.values()} == {day(7)}


def test_a_link_key_keeps_the_earliest_call_under_each_uid() -> None:
    world = World()
    world.send(page(uid="u1", links=(SOFA,), at=day(3), message_id="late"))
    world.send(page(uid="u1", links=(SOFA,), at=day(2), message_id="b"))
    world.send(page(uid="u1", links=(SOFA,), at=day(2), message_id="a"))
    world.send(page(uid="u1", links=(SOFA,), at=day(4), message_id="later"))
    for size in (1, 2, 1_000):
        with views() as found:
            found.fold(world.log, size)
            [row] = found.rows("identities_1_links")
            assert (row["link"], row["origin"]) == ("device:sofa", "uid:u1")
            assert (row["since"], row["message_id"]) == (day(2), "a")


def test_a_fold_moves_no_link_key() -> None:
    world = World()
    world.send(page(uid="u1", links=(SOFA,)))
    with folded(world.log) as found:
        before = found.rows("identities_1_links")
    world.send(identify("u1", "c"))
    with folded(world.log) as found:
        assert found.rows("identities_1_links") == before
