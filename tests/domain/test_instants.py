"""When a call happened (rule C9), and how moments are read and written."""

import pytest

from domain.errors import BadTimestamp
from domain.instants import DAY, SECOND, date_text, day_of, occurred, parse_instant, rfc3339
from tests.controls.times import HOUR, MINUTE, day

NOON = day(7, hour=12)


def test_c9_the_skew_of_a_clients_clock_is_corrected() -> None:
    wrong = NOON - 3 * DAY
    moment = occurred(client=wrong, original=wrong, sent=wrong + 10 * SECOND, received=NOON)
    assert moment == NOON - 10 * SECOND


def test_c9_without_both_ends_of_the_skew_the_clients_own_timestamp_stands() -> None:
    client = NOON - HOUR
    assert occurred(client=client, original=client, sent=None, received=NOON) == client
    assert occurred(client=client, original=None, sent=NOON, received=NOON) == client


def test_c9_without_any_timestamp_a_call_happened_when_it_was_received() -> None:
    assert occurred(client=None, original=None, sent=NOON - HOUR, received=NOON) == NOON


def test_c9_up_to_five_minutes_ahead_are_kept() -> None:
    ahead = NOON + 5 * MINUTE
    assert occurred(client=ahead, original=None, sent=None, received=NOON) == ahead


def test_c9_more_than_five_minutes_ahead_is_a_wrong_clock_clamped_to_the_receipt() -> None:
    ahead = NOON + 5 * MINUTE + 1
    assert occurred(client=ahead, original=None, sent=None, received=NOON) == NOON


def test_c9_a_corrected_moment_in_the_future_is_clamped_too() -> None:
    assert occurred(client=None, original=NOON + HOUR, sent=NOON, received=NOON) == NOON


def test_c9_the_past_is_a_historical_import_and_kept() -> None:
    long_ago = parse_instant("1999-12-31T23:59:59Z")
    assert occurred(client=long_ago, original=None, sent=None, received=NOON) == long_ago


@pytest.mark.parametrize(
    "same",
    [
        "2024-01-07T12:00:00Z",
        "2024-01-07T12:00:00.000Z",
        "2024-01-07T14:00:00+02:00",
        "2024-01-07 12:00:00",
        "2024-01-07T12:00",
    ],
)
def test_one_moment_is_one_integer_whatever_way_it_was_written(same: str) -> None:
    assert parse_instant(same) == NOON


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2024-13-01", "2024-01-01T25:00:00Z", "0001-01-01T00:00:00+02:00"],
)
def test_a_text_that_is_no_moment_is_told_so(text: str) -> None:
    with pytest.raises(BadTimestamp, match="Expected an ISO 8601 timestamp, got"):
        parse_instant(text)


@pytest.mark.parametrize(
    "text",
    [
        "0001-01-01T00:00:00.000000Z",
        "0987-06-05T04:03:02.000001Z",
        "1969-12-31T23:59:59.999999Z",
        "2024-01-07T12:00:00.000000Z",
        "9999-12-31T23:59:59.999999Z",
    ],
)
def test_a_moment_is_written_as_rfc_3339_in_utc_and_reads_back_exactly(text: str) -> None:
    assert rfc3339(parse_instant(text)) == text


def test_a_utc_day_lasts_from_its_first_to_its_last_microsecond() -> None:
    assert day_of(day(7)) == day_of(day(8) - 1)
    assert day_of(day(8)) == day_of(day(7)) + 1
    assert day_of(-1) == -1
    assert date_text(day_of(NOON)) == "2024-01-07"


def test_c9_a_moment_corrected_to_before_the_year_1_is_the_start_of_it() -> None:
    first, last = parse_instant("0001-01-01"), parse_instant("9999-12-31")
    moment = occurred(client=None, original=first, sent=last, received=NOON)
    assert rfc3339(moment) == "0001-01-01T00:00:00.000000Z"
