"""The view `profiles`: everybody there is, as the domain shows them."""

import msgspec

from domain import digest, document
from projections.profiles import NEVER
from tests.controls.calls import group, identify, page, rejected, track
from tests.controls.times import day
from tests.controls.world import World, customer, visitor
from tests.projections.views import Views, folded, pages, views


def who(found: Views) -> set[tuple[str, str | None]]:
    rows = found.rows("profiles_1_profiles")
    return {(row["kind"], row["cid"] if row["kind"] == "customer" else row["uid"]) for row in rows}


def index_of(found: Views) -> list[tuple[object, ...]]:
    rows = found.rows("profiles_1_attributes")
    return [(row["name"], row["text"], row["number"], row["boolean"]) for row in rows]


def story() -> World:
    world = World()
    world.send(page(uid="u1", at=day(1)))
    world.send(identify("u1", attributes={"plan": "free", "age": 30, "vip": True}, at=day(1)))
    return world


def test_a_visitor_is_a_row_with_its_document_and_digest() -> None:
    world = story()
    with folded(world.log) as found:
        [row] = found.rows("profiles_1_profiles")
        profile = world.profile(visitor("u1"))
        assert msgspec.json.decode(row["document"]) == document(profile)
        assert row["digest"] == digest(profile)
        assert (row["kind"], row["uid"], row["cid"]) == ("visitor", "u1", None)
        assert (row["first_seen"], row["last_seen"], row["activity_count"]) == (day(1), day(1), 1)
        assert row["version"] == profile.version


def test_a_folded_visitor_is_gone_and_its_customer_has_what_it_had() -> None:
    world = story()
    world.send(identify("u1", "c1", at=day(2)))
    for size in (1, 2, 1_000):
        with views() as found:
            found.fold(world.log, size)
            assert who(found) == {("customer", "c1")}
            [row] = found.rows("profiles_1_profiles")
            assert msgspec.json.decode(row["document"]) == document(world.profile(customer("c1")))
            assert {name for name, *_ in index_of(found)} == {"plan", "age", "vip"}


def test_every_value_is_indexed_by_its_type() -> None:
    world = World()
    values = {"t": "x", "n": 1.5, "b": False, "o": {"a": 1}, "l": ["x", 2], "e": [], "gone": None}
    world.send(identify("u1", attributes=values))
    with folded(world.log) as found:
        assert index_of(found) == [
            ("b", None, None, False),
            ("e", None, None, None),
            ("l", "x", None, None),
            ("l", None, 2.0, None),
            ("n", None, 1.5, None),
            ("o", None, None, None),
            ("t", "x", None, None),
        ]


def test_an_attribute_written_again_or_removed_changes_its_rows_alone() -> None:
    world = World()
    world.send(identify("u1", attributes={"plan": "free", "tags": ["a", "b"], "age": 3}, at=day(1)))
    world.send(identify("u1", attributes={"plan": "pro", "tags": ["c"], "age": None}, at=day(2)))
    with views() as found:
        found.fold(world.log, 1)
        assert index_of(found) == [("plan", "pro", None, None), ("tags", "c", None, None)]


def test_groups_are_indexed_member_by_member() -> None:
    world = World()
    world.send(group("g1", uid="u1"), group("g2", uid="u1"))
    with folded(world.log) as found:
        assert [text for name, text, *_ in index_of(found) if name == "groups"] == ["g1", "g2"]


def test_what_a_database_cannot_hold_or_compare_is_cut_or_replaced() -> None:
    world = World()
    values = {"long": "x" * 300, "nul": "a\x00b", "nul\x00name": 1, "nul\ufffdname": 2}
    world.send(identify("u1", attributes={**values, "huge": 10**400}))
    with folded(world.log) as found:
        rows = {name: (text, number) for name, text, number, _ in index_of(found)}
        assert rows["long"] == ("x" * 257, None)
        assert rows["nul"] == ("a\ufffdb", None)
        assert rows["huge"] == (None, None)
        assert set(rows) == {"long", "nul", "nul\ufffdname", "huge"}


def test_a_profile_without_activities_was_never_seen() -> None:
    world = World()
    world.send(identify("u1", attributes={"plan": "free"}))
    with folded(world.log) as found:
        [row] = found.rows("profiles_1_profiles")
        assert (row["first_seen"], row["last_seen"]) == (NEVER, NEVER)


def test_a_fold_that_forgot_recalls_the_profile_as_it_stood() -> None:
    world = story()
    world.send(track("Bought", uid="u1"), identify("u1", "c1"), track("Back", uid="u1"))
    with views() as found, folded(world.log) as straight:
        deal = [(0, each) for each in pages(world.log, 1)]
        found.take(world.log, deal[:3])
        found.forget()
        found.take(world.log, deal[3:])
        assert found.everything() == straight.everything()


def test_another_fold_takes_up_a_stream_where_the_first_one_left_it() -> None:
    world = story()
    world.send(track("Bought", uid="u1"), identify("u1", "c1"), track("Back", uid="u1"))
    with views(folds=3) as found, folded(world.log) as straight:
        found.take(world.log, list(enumerate(pages(world.log, 1))))
        assert found.everything() == straight.everything()


def test_a_rejection_is_no_profile() -> None:
    world = World()
    world.send(rejected())
    with folded(world.log) as found:
        assert who(found) == set()
