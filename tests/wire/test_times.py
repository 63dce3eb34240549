"""When a call happened, by three clocks (rule C9)."""

import pytest

from domain.commands import Track
from domain.instants import SECOND, rfc3339
from tests.wire.reading import RECEIVED, call, code_of, read, the_track

HOUR = 3_600 * SECOND


def tracked(**fields: object) -> Track:
    """Read a track with these timestamps; it is received at 10:00."""
    return the_track(read(call("track", event="e", **fields)))


def test_c9_the_clients_clock_is_corrected_by_when_it_sent() -> None:
    command = tracked(originalTimestamp="2026-11-23T08:00:00Z", sentAt="2026-11-23T08:30:00Z")
    assert rfc3339(command.occurred_at) == "2026-11-23T09:30:00.000000Z"
    assert command.original_at == RECEIVED - 2 * HOUR
    assert command.sent_at == RECEIVED - HOUR * 3 // 2


def test_c9_the_timestamp_stands_in_for_the_original_one() -> None:
    command = tracked(timestamp="2026-11-23T09:00:00+01:00", sentAt="2026-11-23T08:00:30Z")
    assert command.occurred_at == RECEIVED - 30 * SECOND


def test_c9_without_the_time_of_sending_the_timestamp_counts_as_it_is() -> None:
    assert tracked(timestamp="2020-01-01").occurred_at < RECEIVED - HOUR
    assert tracked(originalTimestamp="2026-11-23T09:00:00").occurred_at == RECEIVED - HOUR


@pytest.mark.parametrize("sent", ["09:59:55", "09:59:59.5", "10:00:00", "10:00:05"])
def test_c9_a_timestamp_counts_as_it_is_when_the_clocks_agree(sent: str) -> None:
    command = tracked(timestamp="2024-02-03T04:05:06Z", sentAt=f"2026-11-23T{sent}Z")
    assert rfc3339(command.occurred_at) == "2024-02-03T04:05:06.000000Z"


@pytest.mark.parametrize(("sent", "shift"), [("09:59:54", 6), ("10:00:06", -6)])
def test_c9_a_timestamp_is_corrected_when_the_clocks_are_apart(sent: str, shift: int) -> None:
    command = tracked(timestamp="2026-11-23T09:00:00Z", sentAt=f"2026-11-23T{sent}Z")
    assert command.occurred_at == RECEIVED - HOUR + shift * SECOND


def test_c9_an_original_timestamp_is_always_corrected() -> None:
    command = tracked(originalTimestamp="2026-11-23T09:00:00Z", sentAt="2026-11-23T09:59:59Z")
    assert command.occurred_at == RECEIVED - HOUR + SECOND


@pytest.mark.parametrize("sent", ["2026-11-23T09:59:59Z", "2026-11-23T08:00:00Z", None])
def test_c9_a_past_timestamp_that_the_caller_set_beside_the_original_one_is_the_moment(
    sent: str | None,
) -> None:
    original = "2026-11-23T08:00:00Z"
    command = tracked(timestamp="2024-02-03T04:05:06Z", originalTimestamp=original, sentAt=sent)
    assert rfc3339(command.occurred_at) == "2024-02-03T04:05:06.000000Z"
    assert command.original_at == RECEIVED - 2 * HOUR


@pytest.mark.parametrize("timestamp", ["08:00:00", "07:59:57", "09:30:00"])
def test_c9_a_timestamp_that_is_no_earlier_than_the_original_one_says_nothing_more(
    timestamp: str,
) -> None:
    command = tracked(
        timestamp=f"2026-11-23T{timestamp}Z",
        originalTimestamp="2026-11-23T08:00:00Z",
        sentAt="2026-11-23T08:30:00Z",
    )
    assert command.occurred_at == RECEIVED - HOUR // 2


def test_c9_without_any_timestamp_a_call_happens_when_it_is_received() -> None:
    assert tracked(sentAt="2026-11-23T08:00:00Z").occurred_at == RECEIVED
    assert tracked(timestamp=None).original_at is None


def test_c9_the_future_is_clamped() -> None:
    assert tracked(timestamp="2026-11-23T10:05:01Z").occurred_at == RECEIVED
    assert tracked(timestamp="2026-11-23T10:04:59Z").occurred_at == RECEIVED + 299 * SECOND


def test_c9_the_batch_says_when_it_was_sent_unless_the_call_does() -> None:
    moment = {"timestamp": "2026-11-23T08:00:00Z"}
    inbound = read(
        call("track", event="e", **moment),
        call("track", event="e", **moment, sentAt="2026-11-23T08:00:10Z"),
        sentAt="2026-11-23T08:00:20Z",
    )
    occurred = [command.occurred_at for command in inbound.commands]
    assert occurred == [RECEIVED - 20 * SECOND, RECEIVED - 10 * SECOND]


@pytest.mark.parametrize("field", ["timestamp", "originalTimestamp", "sentAt"])
@pytest.mark.parametrize("bad", ["", "yesterday", "2026-13-01", 1_795_428_000, True, {}], ids=repr)
def test_c9_what_is_no_moment_is_rejected(field: str, bad: object) -> None:
    assert code_of(read(call("track", event="e", **{field: bad}))) == "bad_timestamp"


def test_c9_a_bad_time_of_sending_on_the_batch_spoils_only_calls_that_rely_on_it() -> None:
    inbound = read(
        call("track", event="e"),
        call("track", event="e", sentAt="2026-11-23T10:00:00Z"),
        sentAt="soon",
    )
    assert [rejected.index for rejected in inbound.rejected] == [0]
    assert inbound.rejected[0].code == "bad_timestamp"


@pytest.mark.parametrize(
    "times",
    [
        {"timestamp": "0001-01-01T00:00:00+14:00"},
        {"timestamp": "9999-12-31T23:59:59-14:00"},
    ],
)
def test_c9_a_moment_outside_the_calendar_is_rejected(times: dict[str, str]) -> None:
    assert code_of(read(call("track", event="e", **times))) == "bad_timestamp"


def test_c9_clocks_that_are_ages_apart_give_the_earliest_moment_there_is() -> None:
    command = tracked(timestamp="0001-01-02T00:00:00Z", sentAt="9999-01-01T00:00:00Z")
    assert rfc3339(command.occurred_at) == "0001-01-01T00:00:00.000000Z"
