import msgspec

from scripts.bench_calls import batch_bodies, expected_counts, make_calls

CALLS = make_calls(2_000, seed=7)


def test_a_seed_gives_the_same_calls_and_another_one_other_people() -> None:
    others = make_calls(2_000, seed=8)
    assert make_calls(2_000, seed=7) == CALLS
    assert {call.uid for call in CALLS}.isdisjoint(call.uid for call in others)
    assert {call.cid for call in CALLS} & {call.cid for call in others} == {None}


def test_as_many_calls_are_made_as_asked_for_each_with_an_id_of_its_own() -> None:
    sent = [msgspec.json.decode(call.body) for call in CALLS]
    assert len({call["messageId"] for call in sent}) == 2_000


def test_a_visitor_names_its_cid_from_its_identify_on() -> None:
    identified: dict[str, str | None] = {}
    for call in CALLS:
        if call.kind == "identify":
            identified[call.uid] = call.cid
        assert call.cid == identified.get(call.uid)


def test_what_is_expected_follows_from_what_is_sent() -> None:
    identifies = [call for call in CALLS if call.kind == "identify"]
    counts = expected_counts(CALLS)
    assert counts["activities"] == len(CALLS) - len(identifies)
    assert counts["folds"] == len(identifies)
    assert 0 < counts["customers"] < counts["folds"]
    assert counts["visitors"] + counts["folds"] == len({call.uid for call in CALLS})


def test_batches_hold_all_calls_in_order() -> None:
    bodies = [msgspec.json.decode(body) for body in batch_bodies(CALLS, 300)]
    assert [len(body["batch"]) for body in bodies] == [300] * 6 + [200]
    assert [call for body in bodies for call in body["batch"]] == [
        msgspec.json.decode(call.body) for call in CALLS
    ]
