"""Timelines straight from the streams, page by page (design D12)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.errors import BadCursor, Unavailable
from actors.people import events_of, find_profile
from actors.reading import Reading, cursor, read_cursor
from domain.commands import AnyCommand
from domain.instants import parse_instant, rfc3339
from store.errors import StoreUnavailable
from store.sqlite import SqliteBackend
from tests.actors.deployment import Deployment, deployed, send
from tests.controls.calls import identify, track
from tests.controls.times import MINUTE, day
from tests.store.effort import MANY, SOME

LIFE: list[AnyCommand] = [
    track("A", uid="u1", at=day(1), message_id="a"),
    track("B", uid="u2", at=day(2), message_id="b"),
    track("C", uid="u1", at=day(3), message_id="c", properties={"n": [1]}),
    identify("u1", "c1", at=day(4)),
    identify("u2", "c1", at=day(4)),
    track("D", cid="c1", at=day(2), message_id="d"),
    track("E", uid="u1", at=day(5), message_id="e"),
    track("F", uid="other", at=day(5)),
]


@pytest.fixture
def reading(deployment: Deployment) -> Reading:
    send(deployment.hosts[0], *LIFE)
    return Reading(deployment.store())


async def pages(
    reading: Reading, limit: int, before: str | None = None, kind: str = "customer"
) -> list[list[str]]:
    """List the names of every page, following `next`."""
    found = []
    while True:
        page = await reading.timeline(kind, "c1" if kind == "customer" else "u1", limit, before)
        assert page is not None
        found.append([entry["name"] for entry in page["activities"]])
        before = page["next"]
        if before is None:
            return found


class TestTimeline:
    async def test_it_runs_newest_first_over_all_origins(self, reading: Reading) -> None:
        assert await pages(reading, 100) == [["E", "C", "D", "B", "A"]]

    @pytest.mark.parametrize(
        ("limit", "expected"),
        [
            (1, [["E"], ["C"], ["D"], ["B"], ["A"]]),
            (2, [["E", "C"], ["D", "B"], ["A"]]),
            (5, [["E", "C", "D", "B", "A"]]),
        ],
    )
    async def test_it_is_read_page_by_page(
        self, reading: Reading, limit: int, expected: list[list[str]]
    ) -> None:
        assert await pages(reading, limit) == expected

    async def test_a_folded_uid_shows_its_customers_timeline(self, reading: Reading) -> None:
        assert await pages(reading, 3, kind="visitor") == [["E", "C", "D"], ["B", "A"]]

    async def test_a_page_begins_before_a_moment(self, reading: Reading) -> None:
        assert await pages(reading, 100, rfc3339(day(3))) == [["D", "B", "A"]]
        assert await pages(reading, 100, "2024-01-02T00:00:00.000001Z") == [["D", "B", "A"]]
        assert await pages(reading, 100, "2024-01-02") == [["A"]]
        assert await pages(reading, 100, "2000-01-01") == [[]]

    async def test_an_entry_says_all_that_the_call_said(self, reading: Reading) -> None:
        page = await reading.timeline("customer", "c1", 2, None)
        assert page is not None
        entry = page["activities"][1]
        assert entry.pop("recorded_at") > "2024"
        assert entry == {
            "name": "C",
            "occurred_at": "2024-01-03T00:00:00.000000Z",
            "message_id": "c",
            "uid": "u1",
            "source": "web",
            "properties": {"n": [1]},
            "context": {},
            "position": 5,
        }

    async def test_an_unclaimed_visitor_has_a_timeline(self, deployment: Deployment) -> None:
        send(deployment.hosts[0], *LIFE)
        page = await Reading(deployment.store()).timeline("visitor", "other", 10, None)
        assert page is not None
        assert [entry["name"] for entry in page["activities"]] == ["F"]

    async def test_a_profile_without_activities_has_an_empty_one(
        self, deployment: Deployment
    ) -> None:
        send(deployment.hosts[0], identify("u1", "c1"))
        page = await Reading(deployment.store()).timeline("customer", "c1", 10, None)
        assert page == {"activities": [], "next": None}

    @SOME
    @given(st.lists(st.tuples(st.sampled_from(["u1", "u2"]), st.integers(0, 5)), max_size=15))
    async def test_pages_of_any_size_hold_everything_once(
        self, activities: list[tuple[str, int]]
    ) -> None:
        with deployed() as deployment:
            calls = [
                track(str(n), uid=uid, at=day(1) + at * MINUTE, message_id=f"m{n:02}")
                for n, (uid, at) in enumerate(activities)
            ]
            send(deployment.hosts[0], *calls, identify("u1", "c1"), identify("u2", "c1"))
            reading = Reading(deployment.store())
            newest_first = sorted(calls, key=lambda c: (c.occurred_at, c.message_id), reverse=True)
            for limit in (1, 2, 7, 100):
                found = [name for page in await pages(reading, limit) for name in page]
                assert found == [call.name for call in newest_first]


class TestCursor:
    @MANY
    @given(st.integers(parse_instant("0001-01-01"), parse_instant("9999-12-31")), st.text())
    def test_a_place_is_read_as_it_was_written(self, instant: int, message_id: str) -> None:
        assert read_cursor(cursor((instant, message_id))) == (instant, message_id)

    @pytest.mark.parametrize(
        ("text", "instant"),
        [
            ("2024-01-01", day(1)),
            ("2024-01-01T00:00:00.5Z", day(1) + 500_000),
            ("2024-01-01T02:00:00+02:00", day(1)),
        ],
    )
    def test_a_moment_is_the_place_before_all_that_happened_then(
        self, text: str, instant: int
    ) -> None:
        assert read_cursor(text) == (instant, "")

    @pytest.mark.parametrize(
        "text",
        ["", ".", "yesterday", "-.m1", "12", "1e5.m1", "--1.m1", " 1.m1", "9" * 5_000 + ".m"],
    )
    def test_any_other_text_is_no_cursor(self, text: str) -> None:
        with pytest.raises(BadCursor, match="Expected a moment or the `next` of an earlier page"):
            read_cursor(text)

    async def test_a_bad_cursor_is_told_before_anything_is_read(self, reading: Reading) -> None:
        with pytest.raises(BadCursor) as caught:
            await reading.timeline("customer", "nobody", 10, "yesterday")
        assert caught.value.text == "yesterday"


class TestTheStore:
    def test_every_event_of_a_person_is_found_in_the_order_of_the_log(
        self, deployment: Deployment
    ) -> None:
        send(deployment.hosts[0], *LIFE)
        store = deployment.store()
        person = find_profile(store, "visitor", "u2")
        assert person is not None
        assert person.cid == "c1"
        found = events_of(store, person)
        assert [position for position, _ in found] == sorted(position for position, _ in found)
        assert {recorded.profile_id for _, recorded in found} == {
            person.id,
            *person.visitors.values(),
        }
        assert find_profile(store, "visitor", "nobody") is None
        assert find_profile(store, "customer", "nobody") is None

    async def test_a_store_that_cannot_be_read_is_unavailable(
        self, reading: Reading, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def down(*_: object) -> None:
            raise StoreUnavailable("no disk")

        monkeypatch.setattr(SqliteBackend, "find", down)
        monkeypatch.setattr(SqliteBackend, "tallies", down)
        for asked in (reading.timeline("customer", "c1", 10, None), reading.stats()):
            with pytest.raises(Unavailable, match="no disk") as caught:
                await asked
            assert caught.value.retry_after == 2
