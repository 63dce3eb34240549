from itertools import pairwise

from scripts.demo_shop import SIGNED_IN, expected, most_folded, shop_calls, shop_rows

CALLS = list(shop_calls(shop_rows()))
TRACKS = [call for call in CALLS if call.event is not None]
IDENTIFIES = [call for call in CALLS if call.event is None]


def test_the_shop_is_told_as_published() -> None:
    sessions = {call.uid for call in CALLS}
    must = expected()
    assert len(TRACKS) == must.activities
    assert len({call.uid for call in IDENTIFIES}) == len(IDENTIFIES) == must.folds
    assert len({call.cid for call in IDENTIFIES}) == must.customers
    assert len(sessions) - len(IDENTIFIES) == must.visitors
    assert must.profiles == must.customers + must.visitors


def test_every_call_has_a_message_id_of_its_own_that_a_second_telling_repeats() -> None:
    assert len({call.message_id for call in CALLS}) == len(CALLS)
    assert list(shop_calls(shop_rows())) == CALLS


def test_a_session_names_its_cid_from_its_identify_on_and_never_before() -> None:
    identified = set[str]()
    for call in CALLS:
        if call.event is None:
            identified.add(call.uid)
        assert (call.cid is not None) == (call.uid in identified)


def test_an_identify_comes_just_before_the_first_signed_in_page() -> None:
    following = {call.uid: after for call, after in pairwise(CALLS) if call.event is None}
    assert all(
        after.uid == uid and after.event in SIGNED_IN and after.cid is not None
        for uid, after in following.items()
    )


def test_the_customer_shown_is_one_with_the_most_sessions() -> None:
    sessions: dict[str | None, int] = {}
    for call in IDENTIFIES:
        sessions[call.cid] = sessions.get(call.cid, 0) + 1
    assert sessions[most_folded(CALLS)] == max(sessions.values())
