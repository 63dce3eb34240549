"""The view `sessions` (rules Z1-Z3)."""

from typing import Any

import msgspec

from domain.commands import Track
from domain.instants import Instant
from tests.controls.calls import identify, page, track
from tests.controls.times import day
from tests.controls.world import World
from tests.projections.views import Views, folded, views

Context = dict[str, Any]


def visited(path: str, at: Instant, uid: str = "u1", **context: Any) -> Track:
    said = {"page": {"url": f"https://shop.example{path}"}, **context}
    return msgspec.structs.replace(page(path, uid=uid, at=at), context=msgspec.json.encode(said))


def clicked(at: Instant, uid: str | None = "u1", **context: Any) -> Track:
    call = track("Clicked", uid=uid, cid=None if uid else "c", at=at)
    return msgspec.structs.replace(call, context=msgspec.json.encode(context))


def spans(found: Views) -> list[tuple[Instant, Instant, int]]:
    rows = found.rows("sessions_1_sessions")
    return sorted((row["started"], row["ended"], row["activities"]) for row in rows)


def sessions_of(*calls: Track, size: int = 1_000) -> list[dict[str, Any]]:
    world = World()
    world.send(*calls)
    with views() as found:
        found.fold(world.log, size)
        return sorted(found.rows("sessions_1_sessions"), key=lambda row: row["started"])


def test_z1_a_session_ends_after_more_than_half_an_hour_without_activity() -> None:
    first, second = day(1), day(1, minute=30)
    rows = sessions_of(clicked(first), clicked(second), clicked(day(1, minute=60) + 1))
    assert [(row["started"], row["ended"], row["activities"]) for row in rows] == [
        (first, second, 2),
        (day(1, minute=60) + 1, day(1, minute=60) + 1, 1),
    ]


def test_z1_the_sdks_own_session_id_counts_before_any_gap() -> None:
    for named in ({"sessionId": 7}, {"session": {"id": "7"}}, {"sessionId": "7"}):
        early, late = clicked(day(1), **named), clicked(day(2), **named)
        [row] = sessions_of(early, late)
        assert (row["session"], row["started"], row["ended"]) == ("sdk:7", day(1), day(2))


def test_z1_a_session_the_sdk_named_and_one_it_did_not_never_mix() -> None:
    rows = sessions_of(clicked(day(1)), clicked(day(1), sessionId=1), clicked(day(1), sessionId=2))
    assert {row["session"] for row in rows} == {f"run:{day(1)}", "sdk:1", "sdk:2"}


def test_z1_what_is_no_session_id_names_none() -> None:
    odd: list[Context] = [{"sessionId": ""}, {"sessionId": True}, {"sessionId": {}}, {"session": 3}]
    for context in odd:
        [row] = sessions_of(clicked(day(1), **context))
        assert row["session"] == f"run:{day(1)}"


def test_z2_a_session_is_of_one_uid_and_no_fold_moves_it() -> None:
    world = World()
    world.send(clicked(day(1)), clicked(day(1), "u2"))
    with folded(world.log) as found:
        before = found.rows("sessions_1_sessions")
    assert [row["origin"] for row in before] == ["uid:u1", "uid:u2"]
    world.send(identify("u1", "c"), identify("u2", "c"))
    with folded(world.log) as found:
        assert found.rows("sessions_1_sessions") == before


def test_z2_activity_after_the_fold_goes_on_in_the_same_session() -> None:
    world = World()
    world.send(clicked(day(1)), identify("u1", "c", at=day(1)), clicked(day(1, minute=5)))
    for size in (1, 1_000):
        with views(folds=2) as found:
            found.fold(world.log, size)
            assert spans(found) == [(day(1), day(1, minute=5), 2)]


def test_z2_what_came_under_the_cid_alone_is_in_no_session() -> None:
    assert sessions_of(clicked(day(1), None)) == []


def test_z3_a_session_shows_how_it_began() -> None:
    campaign = {"name": "spring", "source": "mail", "medium": "news", "term": "t", "content": "b"}
    entered = visited(
        "/a",
        day(1),
        campaign=campaign,
        device={"type": "mobile"},
        referrer={"url": "https://search.example"},
    )
    [row] = sessions_of(visited("/b", day(1, minute=2)), clicked(day(1) - 1), entered)
    assert {
        name: row[name] for name in row if name.startswith(("entry_p", "ref", "utm", "dev"))
    } == {
        "entry_page": "https://shop.example/a",
        "referrer": "https://search.example",
        "utm_source": "mail",
        "utm_medium": "news",
        "utm_campaign": "spring",
        "utm_term": "t",
        "utm_content": "b",
        "device": "mobile",
    }


def test_z3_a_page_without_context_is_an_entry_page_by_its_properties() -> None:
    [row] = sessions_of(clicked(day(1)), page("/start", uid="u1", at=day(1, minute=1)))
    assert row["entry_page"] == "/start"


def test_z3_what_is_told_in_the_wrong_shape_is_left_out() -> None:
    [row] = sessions_of(clicked(day(1), page="x", campaign=[], device=3, referrer="y"))
    assert (row["entry_page"], row["utm_source"], row["device"]) == (None, None, None)


def test_z3_system_attributes_of_the_activity_fill_what_the_context_lacks() -> None:
    known = {"$device": "tablet", "$utm_source": "mail", "$referrer": "https://a.example"}
    [row] = sessions_of(track("A", uid="u1", attributes=known))
    assert (row["device"], row["utm_source"], row["referrer"]) == (
        "tablet",
        "mail",
        "https://a.example",
    )


def test_z3_late_activity_extends_a_session_and_joins_two() -> None:
    apart = [clicked(day(1)), clicked(day(1, minute=50))]
    assert len(sessions_of(*apart)) == 2
    for size in (1, 1_000):
        [row] = sessions_of(*apart, clicked(day(1, minute=25)), size=size)
        assert (row["started"], row["ended"], row["activities"]) == (day(1), day(1, minute=50), 3)
        [row] = sessions_of(clicked(day(1, minute=9)), clicked(day(1)), size=size)
        assert (row["session"], row["ended"]) == (f"run:{day(1)}", day(1, minute=9))
