"""Projectors: every event counted once, poison parked, trouble with one view is its own."""

import pytest

from actors.parking import retry
from store.errors import StoreUnavailable
from store.views.errors import ViewsMissing
from tests.actors.counting import POISON, Counting
from tests.actors.views_of import Watched, run
from tests.controls.calls import track


class TestKeepingUp:
    def test_every_event_is_folded_once(self, watched: Watched) -> None:
        watched.send_shop(40)
        projector = watched.projector()
        assert run(projector) > 1
        assert watched.streams() == watched.true_streams()
        watched.send_shop(40, calls=9)
        run(projector)
        assert watched.streams() == watched.true_streams()
        assert watched.live().position == watched.position()

    def test_several_views_share_the_pages_and_each_has_its_own_place(
        self, watched: Watched
    ) -> None:
        first, second = Counting(name="first"), Counting(name="second")
        watched.send_shop(30)
        run(watched.projector(first))
        watched.send_shop(30, prefix="v")
        both = watched.projector(first, second, page=37)
        assert watched.live("second").position < watched.live("first").position
        run(both)
        assert watched.streams(watched.live("first")) == watched.true_streams()
        assert watched.streams(watched.live("second")) == watched.true_streams()
        assert watched.live("first").position == watched.live("second").position

    def test_two_projectors_of_one_view_count_nothing_twice(self, watched: Watched) -> None:
        watched.send_shop(40)
        one, other = watched.projector(page=20), watched.projector(page=30)
        while one.step() or other.step():
            pass
        assert watched.streams() == watched.true_streams()

    def test_a_projector_that_starts_again_goes_on_where_the_last_one_was(
        self, watched: Watched
    ) -> None:
        watched.send_shop(40)
        watched.projector().step()
        at = watched.live().position
        assert 0 < at < watched.position()
        run(watched.projector())
        assert watched.streams() == watched.true_streams()

    def test_it_tells_how_far_it_is(self, watched: Watched) -> None:
        watched.send_shop(40)
        projector = watched.projector()
        projector.step()
        (told,) = projector.info()
        assert (told.name, told.generation, told.trouble) == ("counting", 1, None)
        assert told.position == 50
        assert told.lag == watched.position() - 50
        assert told.rate > 0
        run(projector)
        assert projector.info()[0].lag == 0

    def test_what_came_since_it_started_is_behind_too(self, watched: Watched) -> None:
        projector = watched.projector()
        watched.send_shop(40)
        projector.step()
        assert projector.behind == projector.info()[0].lag == watched.position() - 50

    def test_a_view_that_other_code_made_is_left_alone_and_says_so(self, watched: Watched) -> None:
        watched.send_shop(10)
        run(watched.projector(Counting(1)))
        before = watched.streams()
        watched.send_shop(10, prefix="v")
        newer = watched.projector(Counting(2))
        assert not newer.step()
        assert watched.streams() == before
        assert "made by version 1, the code has 2" in str(newer.info()[0].trouble)
        assert "onefold projections rebuild counting" in str(newer.info()[0].trouble)


class TestPoison:
    def test_a_poison_parks_its_stream_and_everything_else_goes_on(self, watched: Watched) -> None:
        watched.send(track("A", uid="u1"), track(POISON, uid="u1"), track("B", uid="u1"))
        watched.send_shop(40, prefix="v")
        run(watched.projector())
        (letter,) = watched.letters()
        assert (letter.version, letter.topic, letter.attempts, letter.waiting) == (
            3,
            "tracked.1",
            1,
            1,
        )
        assert letter.error == "Poisoned: this one cannot be counted"
        counted, true = watched.streams(), watched.true_streams()
        assert counted.pop(letter.stream.hex) == (2, 2)
        assert true.pop(letter.stream.hex) == (4, 4)
        assert counted == true

    def test_what_comes_later_for_a_parked_stream_waits(self, watched: Watched) -> None:
        watched.send(track(POISON, uid="u1"))
        projector = watched.projector()
        run(projector)
        watched.send(track("A", uid="u1"), track("B", uid="u1"))
        run(projector)
        assert watched.letters()[0].waiting == 2
        assert "A" not in watched.names()

    def test_a_retry_folds_what_was_parked_and_the_stream_goes_on(self, watched: Watched) -> None:
        watched.send(track("A", uid="u1"), track(POISON, uid="u1"), track("B", uid="u1"))
        projector = watched.projector(Counting(takes_poison=False))
        run(projector)
        retried = retry(watched.site, Counting(takes_poison=True))
        assert (retried.folded, retried.parked) == (1, [])
        assert watched.letters() == []
        watched.send(track("C", uid="u1"))
        run(projector)
        assert watched.streams() == watched.true_streams()

    def test_a_retry_that_fails_keeps_what_could_be_folded_before(self, watched: Watched) -> None:
        watched.send(track(POISON, uid="u1"), track("A", uid="u1"))
        run(watched.projector())
        retried = retry(watched.site, Counting())
        assert retried.folded == 0
        assert [letter.attempts for letter in retried.parked] == [2]
        assert retried.parked[0].waiting == 1

    def test_an_event_that_does_not_open_is_a_poison_of_its_stream(self, watched: Watched) -> None:
        watched.send_shop(6)
        watched.tamper(3)
        run(watched.projector())
        (letter,) = watched.letters()
        assert letter.position == 3
        assert letter.error.startswith("Tampered: ")
        parked = letter.stream.hex
        counted, true = watched.streams(), watched.true_streams()
        assert counted.pop(parked) == (2, 2)
        del true[parked]
        assert counted == true


class TestTrouble:
    def test_a_missing_database_is_trouble_until_it_is_back(self, watched: Watched) -> None:
        watched.send_shop(5)
        projector = watched.projector()
        run(projector)
        watched.delete_views()
        watched.send_shop(5, prefix="v")
        while projector.step():
            pass
        assert "Expected the view database" in str(projector.info()[0].trouble)
        with pytest.raises(ViewsMissing):
            watched.generations()

    def test_a_store_that_cannot_be_read_changes_nothing(
        self, watched: Watched, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        watched.send_shop(20)
        projector = watched.projector()
        projector.step()
        before = watched.streams(), watched.live().position

        def fail(*_: object) -> None:
            raise StoreUnavailable("the disk is away")

        with monkeypatch.context() as patched:
            patched.setattr("tests.actors.counting.CountingFold.fold", fail)
            projector.step()
        assert (watched.streams(), watched.live().position) == before
        assert watched.letters() == []
        assert projector.info()[0].trouble == "The store did not take the write: the disk is away"
