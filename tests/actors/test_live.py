"""What a host keeps in memory is a choice of size, never of outcome (design D1)."""

from collections.abc import Sequence
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.live import Recent
from actors.parcels import APPLIED, DUPLICATE
from domain.commands import Call
from domain.events import ActivityTracked
from domain.profile import Profile
from tests.actors.deployment import Deployment, batches, customer, deployed, send, visitor
from tests.controls.calls import device, identify, rejected, track
from tests.controls.times import day
from tests.store.effort import SOME
from tests.store.journeys import journeys


class TestRecent:
    def test_it_forgets_what_was_put_longest_ago(self) -> None:
        recent: Recent[str, int] = Recent(2)
        for key, value in (("a", 1), ("b", 2), ("c", 3)):
            recent.put(key, value)
        assert (recent.get("a"), recent.get("b"), recent.get("c")) == (None, 2, 3)
        assert len(recent) == 2

    def test_putting_anew_keeps_it_longer(self) -> None:
        recent: Recent[str, int] = Recent(2)
        for key, value in (("a", 1), ("b", 2), ("a", 3), ("c", 4)):
            recent.put(key, value)
        assert (recent.get("a"), recent.get("b")) == (3, None)

    def test_what_was_dropped_is_gone_and_may_be_dropped_again(self) -> None:
        recent: Recent[str, int] = Recent(2)
        recent.put("a", 1)
        recent.drop("a")
        recent.drop("a")
        assert recent.get("a") is None


class TestAConflict:
    def test_s3_only_what_somebody_else_wrote_is_read_again(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with deployed() as deployment:
            (host,) = deployment.hosts
            send(host, *(track("A", uid=f"u{n}") for n in range(5)))
            send(deployment.rival(), track("B", uid="u1"))
            recover, recovered = host._store.profiles, list[UUID]()  # noqa: SLF001 - what it reads

            def noted(profile_ids: Sequence[UUID]) -> list[Profile]:
                recovered.extend(profile_ids)
                return recover(profile_ids)

            monkeypatch.setattr(host._store, "profiles", noted)  # noqa: SLF001 - see above
            applied = send(host, *(track("C", uid=f"u{n}") for n in range(5)))
            assert applied == [APPLIED] * 5
            assert len(recovered) == 1
            assert visitor(host, "u1")["activities"] == {"A": 1, "B": 1, "C": 1}

    def test_s3_whose_profile_was_written_comes_after_the_others_in_the_order_of_its_calls(
        self,
    ) -> None:
        with deployed() as deployment:
            (host,) = deployment.hosts
            send(host, track("A", uid="u1", cid="c"), *(track("A", uid=f"v{n}") for n in range(3)))
            send(deployment.rival(), identify(cid="c", attributes={"plan": "pro"}))
            calls = [
                track("B", uid="v0"),
                track("C", uid="u1"),
                track("D", uid="v1"),
                track("E", uid="u1", cid="c"),
                track("F", uid="v2"),
                track("G", uid="u1"),
            ]
            assert send(host, *calls) == [APPLIED] * 6
            assert written(deployment)[-6:] == ["B", "D", "F", "C", "E", "G"]


def written(deployment: Deployment) -> list[str]:
    """Name the activities in the order of the log."""
    page = deployment.store().page(0, 1_000)
    events = (recorded.event for _, recorded in page.events)
    return [event.name for event in events if isinstance(event, ActivityTracked)]


class TestPassivation:
    def test_d1_a_host_holds_no_more_than_it_was_given_room_for(self) -> None:
        with deployed(live_profiles=3) as deployment:
            (host,) = deployment.hosts
            send(host, *(track(uid=f"u{n}") for n in range(20)))
            send(host, *(track(cid=f"c{n}") for n in range(20)))
            assert host.live == 6

    def test_d1_a_passivated_profile_returns_as_it_was(self) -> None:
        with deployed(live_profiles=1) as deployment:
            (host,) = deployment.hosts
            send(host, identify("u1", attributes={"plan": "pro"}), track("A", uid="u1"))
            before = visitor(host, "u1")
            for n in range(2, 6):
                send(host, track(uid=f"u{n}"))
            assert visitor(host, "u1") == before
            send(host, track("B", uid="u1"))
            assert visitor(host, "u1")["activities"] == {"A": 1, "B": 1}

    def test_d1_a_passivated_customer_returns_as_it_was(self) -> None:
        with deployed(live_profiles=1) as deployment:
            (host,) = deployment.hosts
            send(host, track("A", uid="u1"), identify("u1", "c1", attributes={"plan": "pro"}))
            before = customer(host, "c1")
            send(host, track(cid="c2"), track(cid="c3"))
            assert customer(host, "c1") == before

    def test_m4_a_folded_visitor_needs_no_memory_any_more(self) -> None:
        with deployed() as deployment:
            (host,) = deployment.hosts
            send(host, *(track(uid=f"u{n}") for n in range(5)))
            assert host.live == 5
            send(host, *(identify(f"u{n}", "c1") for n in range(5)))
            assert host.live == 1

    def test_f4_a_repeated_call_is_known_after_passivation(self) -> None:
        with deployed(live_profiles=1) as deployment:
            (host,) = deployment.hosts
            call, rejection = track(uid="u1"), rejected()
            assert send(host, call, rejection) == [APPLIED, APPLIED]
            send(host, *(track(uid=f"u{n}") for n in range(2, 6)))
            assert send(host, call, rejection) == [DUPLICATE, DUPLICATE]

    def test_m3_a_call_with_more_link_keys_than_there_is_room_for_is_applied(self) -> None:
        """Books are written at the version they were read at, passivated since or not."""
        links = tuple(device(name) for name in "abc")
        with deployed(live_profiles=1) as deployment:
            (host,) = deployment.hosts
            assert send(host, track(uid="u1", links=links, at=day(1))) == [APPLIED]
            assert send(host, identify("u2", "c1", links=links, at=day(2))) == [APPLIED]
            assert customer(host, "c1")["uids"] == ["u1", "u2"]
            assert send(host, track(uid="u3", links=links, at=day(1))) == [APPLIED]
            assert customer(host, "c1")["uids"] == ["u1", "u2", "u3"]

    def test_a_new_incarnation_knows_everything_again(self, deployment: Deployment) -> None:
        (host,) = deployment.hosts
        send(host, track("A", uid="u1"), identify("u1", "c1"), track("B", uid="u2"))
        before = (customer(host, "c1"), visitor(host, "u2"))
        deployment.restart()
        (host,) = deployment.hosts
        assert host.live == 0
        assert (customer(host, "c1"), visitor(host, "u2")) == before

    @SOME
    @given(journeys(), st.integers(1, 8))
    def test_d1_the_size_of_memory_changes_no_document(self, life: list[Call], size: int) -> None:
        with deployed(live_profiles=1) as tight, deployed(live_profiles=1_000) as roomy:
            for deployment in (tight, roomy):
                for batch in batches(life, size):
                    assert set(send(deployment.hosts[0], *batch)) == {APPLIED}
            assert tight.counted() == roomy.counted()
            for cid in {call.cid for call in life if call.cid}:
                assert customer(tight.hosts[0], cid) == customer(roomy.hosts[0], cid)
