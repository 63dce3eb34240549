"""The past straight from the store: as of an hour, as known at an hour, event by event."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.people import find_person
from actors.reading import Reading
from domain.commands import AnyCommand
from domain.document import Document, document
from domain.errors import UnknownAttribute
from domain.history import Stretch
from domain.instants import Instant, rfc3339
from domain.person import NOW, Then
from store.archive import Store
from tests.actors.deployment import Deployment, deployed, send
from tests.controls.calls import device, identify, page, track
from tests.controls.times import day
from tests.store.effort import SOME
from tests.store.journeys import journeys

SOFA = (device("sofa"),)
LIFE: list[AnyCommand] = [
    page(uid="u1", links=SOFA, at=day(1), message_id="p1"),
    identify("u1", at=day(2), attributes={"plan": "free"}, message_id="i2"),
    identify("u2", "c1", links=SOFA, at=day(7), attributes={"plan": "pro"}, message_id="i7"),
    track("Bought", uid="u1", at=day(8), message_id="t8"),
]


@pytest.fixture
def reading(deployment: Deployment) -> Reading:
    send(deployment.hosts[0], *LIFE)
    return Reading(deployment.store())


def shown(store: Store, kind: str, value: str, then: Then) -> Document | None:
    """Show somebody's past."""
    person = find_person(store, kind, value, then)
    return None if person is None else document(person.profile)


class TestAsKnownAt:
    @SOME
    @given(journeys(longest=12), st.data())
    def test_it_is_the_profile_as_it_was_shown_then(
        self, calls: list[AnyCommand], data: st.DataObject
    ) -> None:
        with deployed() as deployment:
            store, seen = deployment.store(), []
            uids = sorted({call.uid for call in calls if call.uid is not None})
            cids = sorted({call.cid for call in calls if call.cid is not None})
            people = [*(("visitor", uid) for uid in uids), *(("customer", cid) for cid in cids)]
            for call in calls:
                send(deployment.hosts[0], call)
                seen.append([shown(store, *who, NOW) for who in people])
            at = data.draw(st.integers(0, len(calls) - 1))
            then = Then(as_known_at=recorded_by(store, people, seen[at]))
            assert [shown(store, *who, then) for who in people] == seen[at]

    async def test_before_the_first_event_nobody_is_known(self, reading: Reading) -> None:
        then = Then(as_known_at=day(1))
        for kind, value in (("customer", "c1"), ("visitor", "u1"), ("visitor", "nobody")):
            assert await reading.profile(kind, value, then) is None
            assert await reading.timeline(kind, value, 10, None, then) is None
            assert await reading.explain(kind, value, "plan", then) is None
            assert await reading.identities(kind, value, then) is None


def recorded_by(
    store: Store, people: list[tuple[str, str]], then: list[Document | None]
) -> Instant:
    """Tell when the last event was recorded that made these documents."""
    found = []
    for who, shown_then in zip(people, then, strict=True):
        if shown_then is None:
            continue
        now = find_person(store, *who)
        assert now is not None
        stream = now.profile.id
        if shown_then["kind"] == "visitor" and now.profile.cid is not None:
            stream = now.profile.visitors[shown_then["uid"]]
        own = [r for _, r in store.positioned([stream])][: shown_then["version"]]
        found.append(own[-1].event.moment.recorded_at)
    return max(found)


class TestAsOf:
    async def test_a_visitor_is_shown_as_it_was_before_its_fold(self, reading: Reading) -> None:
        found = await reading.profile("visitor", "u1", Then(as_of=day(6)))
        assert found is not None
        assert (found["kind"], found["attributes"]) == ("visitor", {"plan": "free"})
        assert found["as_of"] == rfc3339(day(6))
        assert "as_known_at" not in found
        assert "folded_from" not in found
        later = await reading.profile("visitor", "u1", Then(as_of=day(7)))
        assert later is not None
        assert (later["cid"], later["folded_from"]) == ("c1", "u1")
        assert (later["attributes"], later["activity_count"]) == ({"plan": "pro"}, 1)

    async def test_both_moments_ask_what_was_known_then_of_an_earlier_hour(
        self, deployment: Deployment
    ) -> None:
        host, store = deployment.hosts[0], deployment.store()
        send(host, page(uid="u1", at=day(1)), page(uid="u1", at=day(5)))
        person = find_person(store, "visitor", "u1")
        assert person is not None
        known = Then(day(3), person.events[-1][1].event.moment.recorded_at)
        send(host, page(uid="u1", at=day(2)), identify("u1", "c1", at=day(2)))
        assert (shown(store, "visitor", "u1", known) or {})["activity_count"] == 1
        assert shown(store, "customer", "c1", known) is None
        assert (shown(store, "visitor", "u1", Then(day(3))) or {})["activity_count"] == 2

    async def test_a_timeline_ends_where_the_past_does(self, reading: Reading) -> None:
        async def names(value: str, then: Then) -> list[str]:
            page = await reading.timeline("visitor", value, 10, None, then)
            assert page is not None
            return [entry["name"] for entry in page["activities"]]

        assert await names("u1", Then(as_of=day(7))) == ["$page"]
        assert await names("u1", Then(as_of=day(8))) == ["Bought", "$page"]
        assert await names("u1", Then(as_of=day(1))) == ["$page"]


class TestExplaining:
    async def test_a_beaten_value_names_the_merge_that_brought_it(self, reading: Reading) -> None:
        told = await reading.explain("customer", "c1", "plan", NOW)
        assert told is not None
        assert [write["message_id"] for write in told["set_by"]] == ["i7"]
        [beaten] = told["beaten"]
        assert (beaten["value"], beaten["via"]["rule"]) == ("free", "link_key:device")

    async def test_an_unknown_attribute_is_told(self, reading: Reading) -> None:
        with pytest.raises(UnknownAttribute):
            await reading.explain("customer", "c1", "plans", NOW)

    async def test_identities_say_what_ties_them(self, reading: Reading) -> None:
        told = await reading.identities("visitor", "u1", NOW)
        assert told is not None
        assert [(each["uid"], each["rule"]) for each in told["uids"]] == [
            ("u2", "same_call"),
            ("u1", "link_key:device"),
        ]
        before = await reading.identities("visitor", "u1", Then(as_of=day(2)))
        assert before is not None
        assert before["uid"] == "u1"


class TestHistory:
    @pytest.mark.parametrize("order", ["oldest", "newest"])
    @pytest.mark.parametrize("limit", [1, 2, 4, 100])
    async def test_pages_of_any_size_hold_every_event_once(
        self, reading: Reading, limit: int, order: str
    ) -> None:
        found: list[dict[str, Any]] = []
        after = None
        while True:
            stretch = Stretch(limit, after, order == "newest")
            told = await reading.history("customer", "c1", stretch)
            assert told is not None
            assert 0 < len(told["events"]) <= limit
            found += told["events"]
            after = told["next"]
            if after is None:
                break
        in_order = found[::-1] if order == "newest" else found
        assert [event["position"] for event in in_order] == list(range(1, 12))
        assert [event["stream"] for event in in_order[:4]] == ["visitor:u1"] * 3 + ["customer:c1"]
        assert [e["rule"] for e in in_order if "rule" in e] == ["same_call"] * 2 + [
            "link_key:device"
        ] * 2

    async def test_an_event_says_where_and_when_and_by_which_call(self, reading: Reading) -> None:
        told = await reading.history("visitor", "u1", Stretch(1, 2))
        assert told is not None
        [event] = told["events"]
        assert event["recorded_at"] > event["occurred_at"]
        assert (event["position"], event["version"], event["message_id"]) == (3, 3, "i2")
        assert (event["source"], event["attributes"]) == ("web", {"plan": "free"})
        assert told["next"] == 3

    async def test_behind_the_last_event_there_is_nothing(self, reading: Reading) -> None:
        empty: dict[str, Any] = {"events": [], "next": None}
        assert await reading.history("customer", "c1", Stretch(5, 99)) == empty
        assert await reading.history("customer", "nobody", Stretch(5)) is None
