"""The events of a real shop, told as the calls of its website's SDK."""

import csv
import gzip
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

FOLDER = Path(__file__).resolve().parents[1] / "tests/data/ecommerce"

SIGNED_IN = frozenset({"account_page", "purchase", "shipping_details"})
"""Pages that show who somebody is."""

TRAITS = ("acquisition_channel", "user_cohort", "user_lifecycle")


class Row(msgspec.Struct, frozen=True):
    """One event of the shop; times are in UTC."""

    user_id: str
    session_id: str
    event: str
    timestamp: datetime
    platform: str
    acquisition_channel: str
    user_cohort: str
    user_lifecycle: str


class ShopCall(msgspec.Struct, frozen=True):
    """A track, or an identify when it has no event; the same row gives the same message id."""

    message_id: str
    uid: str
    cid: str | None
    event: str | None
    timestamp: datetime
    carried: dict[str, str]


class Expected(msgspec.Struct, frozen=True):
    """What identity resolution must give; the names are those of a server's counts."""

    activities: int
    profiles: int
    customers: int
    folds: int
    visitors: int
    rejections: int = 0


def shop_rows() -> list[Row]:
    """Read the events, in the order they are published in."""
    with gzip.open(FOLDER / "ecom.csv.gz", "rt", newline="") as lines:
        return [msgspec.convert(_typed(line), Row) for line in csv.DictReader(lines)]


def shop_calls(rows: Iterable[Row]) -> Iterator[ShopCall]:
    """Tell each event as its session's SDK does.

    A session is one UID. Its first event on a signed-in page is preceded by an identify with the
    CID; from then on every call of the session carries both.
    """
    identified: set[str] = set()
    for number, row in enumerate(rows):
        if row.event in SIGNED_IN and row.session_id not in identified:
            identified.add(row.session_id)
            yield _identify(row)
        cid = row.user_id if row.session_id in identified else None
        yield _track(number, row, cid)


def expected() -> Expected:
    """Read what must come out, as published beside the events."""
    published = json.loads((FOLDER / "expected.json").read_text())
    return Expected(
        activities=published["events"],
        profiles=published["expected_profiles_after_stitching"],
        customers=published["identified_users"],
        folds=published["identified_sessions"],
        visitors=published["anonymous_only_sessions"],
    )


def most_folded(calls: Iterable[ShopCall]) -> str:
    """Name the CID with the most UIDs, of equals the first in the alphabet."""
    uids = Counter(call.cid for call in calls if call.event is None and call.cid is not None)
    return min(uids, key=lambda cid: (-uids[cid], cid))


def _typed(line: dict[str, str]) -> dict[str, object]:
    timestamp = datetime.fromisoformat(line["timestamp"]).replace(tzinfo=UTC)
    return {**line, "timestamp": timestamp}


def _identify(row: Row) -> ShopCall:
    return ShopCall(
        message_id=f"shop-identify-{row.session_id}",
        uid=row.session_id,
        cid=row.user_id,
        event=None,
        timestamp=row.timestamp,
        carried={name: getattr(row, name) for name in TRAITS},
    )


def _track(number: int, row: Row, cid: str | None) -> ShopCall:
    return ShopCall(
        message_id=f"shop-{number:05}",
        uid=row.session_id,
        cid=cid,
        event=row.event,
        timestamp=row.timestamp,
        carried={"platform": row.platform},
    )
