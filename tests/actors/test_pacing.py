from actors.pacing import FAR, LONGEST, RESTS, rest_after


def test_a_short_page_is_followed_by_a_short_rest() -> None:
    assert rest_after(0.002, behind=10) == RESTS * 0.002


def test_no_rest_is_longer_than_people_wait_for_a_view() -> None:
    assert rest_after(60.0, behind=FAR) == LONGEST


def test_who_is_far_behind_does_not_rest() -> None:
    assert rest_after(0.5, behind=FAR + 1) == 0.0
