"""Events to rows and back: named, packed, compressed, sealed (designs D7 and D8)."""

import os
from uuid import UUID

import msgspec
import pytest
from eventsourcing.persistence import StoredEvent
from hypothesis import given
from hypothesis import strategies as st

from domain.draft import Recorded
from domain.events import ActivityTracked, VisitorBorn
from store.errors import KeyMissing, Tampered, UnknownTopic
from store.keyring import Keyring, ProfileCipher
from store.mapper import SMALL, NoTranscoder, ProfileMapper
from store.topics import EVENTS, Topics
from tests.controls.events import content, moment, tracked, visitor_born
from tests.store.effort import MANY
from tests.store.facts import FACTS, recorded

ANA, BEN = UUID(int=1), UUID(int=2)


class Ciphers(dict[UUID, ProfileCipher]):
    """Finds the key of a profile, and makes one for whoever is new."""

    def __missing__(self, profile_id: UUID) -> ProfileCipher:
        self[profile_id] = ProfileCipher(profile_id, os.urandom(32))
        return self[profile_id]


def mapper(topics: Topics | None = None, ciphers: Ciphers | None = None) -> ProfileMapper:
    found = Ciphers() if ciphers is None else ciphers
    return ProfileMapper(found.__getitem__, topics or Topics())


def activity(name: str = "Clicked") -> Recorded:
    return Recorded(ANA, 7, tracked("u1", name))


class TestRoundTrip:
    @MANY
    @given(recorded)
    def test_d7_every_event_comes_back_as_it_was(self, one: Recorded) -> None:
        maps = mapper()
        stored = maps.to_stored_event(one)
        assert maps.to_domain_event(stored) == one

    def test_d7_every_stored_type_is_tried(self) -> None:
        assert set(FACTS) == set(EVENTS.values())

    def test_d7_a_row_says_whose_event_it_is_and_nothing_of_what_it_says(self) -> None:
        stored = mapper().to_stored_event(activity("Bought a ring"))
        assert (stored.originator_id, stored.originator_version) == (ANA, 7)
        assert stored.topic == "tracked.1"
        for word in (b"Bought", b"u1", b"web"):
            assert word not in stored.state

    def test_d8_one_event_is_never_sealed_to_the_same_bytes(self) -> None:
        maps, one = mapper(), activity()
        assert maps.to_stored_event(one).state != maps.to_stored_event(one).state

    def test_the_librarys_transcoder_is_never_asked(self) -> None:
        with pytest.raises(TypeError, match="pack str itself"):
            NoTranscoder().encode("anything")
        with pytest.raises(TypeError, match="unpack 3 bytes itself"):
            NoTranscoder().decode(b"{1}")


class TestCompression:
    """Text is compressed where that makes it smaller (decision 0007)."""

    def test_what_is_small_stays_as_it_is(self) -> None:
        maps = mapper()
        value = ["a" * (SMALL - 20)]
        assert len(maps.pack(value)) == len(msgspec.msgpack.encode(value)) + 1

    def test_what_repeats_itself_becomes_smaller(self) -> None:
        maps = mapper()
        value = ["over and over " * 1_000]
        assert len(maps.pack(value)) < SMALL
        assert maps.unpack(maps.pack(value)) == value

    def test_what_cannot_become_smaller_stays_as_it_is(self) -> None:
        maps = mapper()
        value = [os.urandom(4 * SMALL)]
        assert len(maps.pack(value)) == len(msgspec.msgpack.encode(value)) + 1
        assert maps.unpack(maps.pack(value)) == value

    @MANY
    @given(st.integers(0, 3 * SMALL))
    def test_every_size_comes_back(self, size: int) -> None:
        maps = mapper()
        assert maps.unpack(maps.pack(["x" * size])) == ["x" * size]


class TestTampering:
    """A row opens in its own place only, and unaltered (design D8)."""

    @pytest.mark.parametrize(
        "moved",
        [{"originator_version": 8}, {"topic": "attributes_set.1"}, {"originator_id": BEN}],
        ids=["another version", "another topic", "another profile"],
    )
    def test_d8_a_row_in_another_place_stays_shut(self, moved: dict[str, object]) -> None:
        maps = mapper()
        stored = maps.to_stored_event(activity())
        place = {
            "originator_id": stored.originator_id,
            "originator_version": stored.originator_version,
            "topic": stored.topic,
            "state": stored.state,
            **moved,
        }
        with pytest.raises(Tampered) as caught:
            maps.to_domain_event(StoredEvent(**place))  # type: ignore[arg-type]  # any of its fields
        assert caught.value.version == place["originator_version"]

    def test_d8_two_rows_of_one_profile_cannot_change_places(self) -> None:
        maps = mapper()
        first = maps.to_stored_event(Recorded(ANA, 1, tracked("u1", "A")))
        second = maps.to_stored_event(Recorded(ANA, 2, tracked("u1", "B")))
        swapped = StoredEvent(ANA, 1, first.topic, second.state)
        with pytest.raises(Tampered, match=r"Event 1 \(tracked.1\) of profile .* was altered"):
            maps.to_domain_event(swapped)

    @MANY
    @given(st.data())
    def test_d8_any_altered_byte_is_noticed(self, data: st.DataObject) -> None:
        maps = mapper()
        stored = maps.to_stored_event(activity())
        place = data.draw(st.integers(0, len(stored.state) - 1))
        change = data.draw(st.integers(1, 255))
        altered = bytearray(stored.state)
        altered[place] ^= change
        with pytest.raises(Tampered):
            maps.to_domain_event(StoredEvent(ANA, 7, stored.topic, bytes(altered)))

    @pytest.mark.parametrize("length", [0, 5, 12, 20])
    def test_d8_a_row_cut_short_is_noticed(self, length: int) -> None:
        maps = mapper()
        stored = maps.to_stored_event(activity())
        with pytest.raises(Tampered):
            maps.to_domain_event(StoredEvent(ANA, 7, stored.topic, stored.state[:length]))

    def test_e1_without_its_key_an_event_cannot_be_read(self) -> None:
        def erased(profile_id: UUID) -> ProfileCipher:
            raise KeyMissing(profile_id)

        stored = mapper().to_stored_event(activity())
        with pytest.raises(KeyMissing, match=str(ANA)):
            ProfileMapper(erased, Topics()).to_domain_event(stored)

    def test_d8_a_key_opens_its_own_profile_only(self) -> None:
        keyring = Keyring(os.urandom(32))
        anas, _ = keyring.new_key(ANA)
        bens, _ = keyring.new_key(BEN)
        box = anas.seal(1, "tracked.1", b"text")
        assert anas.open(1, "tracked.1", box) == b"text"
        with pytest.raises(Tampered):
            bens.open(1, "tracked.1", box)


class TestUpcasting:
    """A topic is for ever: old rows are brought forward when they are read (design D7)."""

    TODAY = Topics(
        {**EVENTS, "tracked.3": ActivityTracked},
        {
            "tracked.0": ("tracked.1", lambda fields: [*fields, b"{}"]),
            "tracked.1": ("tracked.3", lambda fields: [*fields[:2], fields[2].title(), fields[3]]),
        },
    )

    def test_d7_an_old_row_becomes_todays_event(self) -> None:
        ciphers = Ciphers()
        before, now = mapper(ciphers=ciphers), mapper(self.TODAY, ciphers)
        old = before.to_stored_event(activity("signed up"))
        assert old.topic == "tracked.1"
        read = now.to_domain_event(old)
        assert read.event.name == "Signed Up"
        assert (read.profile_id, read.version) == (ANA, 7)

    def test_d7_an_older_row_goes_through_every_version_between(self) -> None:
        ciphers = Ciphers()
        now = mapper(self.TODAY, ciphers)
        when, what = moment(), content("u1")
        text = now.pack([when, what, "signed up"])
        box = ciphers[ANA].seal(1, "tracked.0", text)
        read = now.to_domain_event(StoredEvent(ANA, 1, "tracked.0", box))
        assert read.event == ActivityTracked(when, what, "Signed Up", b"{}")

    def test_d7_what_is_written_now_has_todays_topic(self) -> None:
        assert mapper(self.TODAY).to_stored_event(activity()).topic == "tracked.3"

    def test_d7_an_unknown_topic_is_no_event(self) -> None:
        ciphers = Ciphers()
        later = mapper(Topics({**EVENTS, "born_again.1": VisitorBorn}), ciphers)
        stored = later.to_stored_event(Recorded(ANA, 1, visitor_born("u1")))
        assert stored.topic == "born_again.1"
        with pytest.raises(UnknownTopic, match=r"'born_again\.1'"):
            mapper(ciphers=ciphers).to_domain_event(stored)
