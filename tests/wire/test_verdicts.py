"""Calls judged as Segment's own validation judges them, or for a reason not (decision 0012)."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.wire.reading import encoded, read_raw

FILE = Path(__file__).parents[1] / "data" / "loosely_validate_event_2.0.0_verdicts.json"
CASES: list[dict[str, Any]] = msgspec.json.decode(FILE.read_bytes())["cases"]

BLANK = "rule C1: an id that is blank is absent"
NO_OBJECT = "what is no object cannot be kept as properties or attributes"
DIFFERENT = {
    **{f"{kind}/blank user": BLANK for kind in ("track", "identify", "page", "screen", "group")},
    "alias/blank user": BLANK,
    "properties/string": NO_OBJECT,
    "properties/array": NO_OBJECT,
    "traits/string": NO_OBJECT,
    "integrations/string": "nothing is passed on, so nobody reads them: no call is lost for them",
    "size/exactly 32768 bytes": "32 KiB is the limit, not beyond it",
}
"""Case -> why it is judged the other way here."""


def call_of(case: dict[str, Any]) -> bytes:
    """Write the call of a case, padded to its size where that is the case."""
    if "message" in case:
        return encoded(case["message"])
    bare = {"type": "track", "userId": "user-1", "event": "E", "properties": {"p": ""}}
    room = case["size"] - len(encoded(bare))
    unit = "é" if "multibyte" in case["id"] else "x"
    width = len(unit.encode())
    padding = unit * (room // width) + "x" * (room % width)
    return encoded({**bare, "properties": {"p": padding}})


def verdict(case: dict[str, Any]) -> str:
    """Judge the call of a case."""
    return "reject" if read_raw(call_of(case)).rejected else "ok"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_call_gets_the_verdict_of_segments_own_validation(case: dict[str, Any]) -> None:
    assert len(call_of(case)) == case["size"] or "message" in case
    agrees = verdict(case) == case["verdict"]
    assert agrees is (case["id"] not in DIFFERENT), DIFFERENT.get(case["id"], case["reason"])


def test_every_difference_names_a_case() -> None:
    assert set(DIFFERENT) <= {case["id"] for case in CASES}
    assert len(CASES) == 106
