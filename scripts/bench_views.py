"""Views of many made-up profiles, written straight into their tables."""

import random
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, MetaData, Table

from domain.instants import DAY, Instant, day_of, rfc3339
from projections import PROJECTIONS
from projections.activities import activity_tables
from projections.attribute_index import rows_of
from projections.identities import identity_tables
from projections.profiles import profile_tables
from projections.rejections import rejection_tables
from projections.sessions import session_table

NOW: Instant = 1_795_000_000_000_000
PLANS = ("free", "basic", "pro", "enterprise")
CITIES = ("Berlin", "Hanoi", "Lagos", "Lima", "Oslo", "Paris", "Pune", "Quito", "Rome", "Seoul")
NAMES = ("$page", "Product Viewed", "Product Added", "Order Completed", "Refund Asked")
WEIGHTS = (60, 25, 10, 4, 0.2)
FOLDED = 0.3
"""The share of profiles that are customers, each with two UIDs."""
CHUNK = 5_000

Rows = dict[str, list[dict[str, Any]]]


def prefix(view: str) -> str:
    """Give the prefix of a view's tables."""
    return f"{view}_1_"


def fill(connection: Connection, profiles: int, seed: int = 1) -> None:
    """Make the tables of every view and fill them."""
    metadata = MetaData()
    for projection in PROJECTIONS:
        projection.declare(metadata, prefix(projection.name))
    metadata.create_all(connection)
    tables = _tables(metadata)
    chance = random.Random(seed)  # noqa: S311 - made-up people, the same in every run
    daily: Counter[tuple[str, int]] = Counter()
    for chunk in _chunks(chance, profiles, daily):
        for name, rows in chunk.items():
            if rows:
                connection.execute(tables[name].insert(), rows)
    counted = [
        {"name": name, "day": day, "source": "web", "count": n} for (name, day), n in daily.items()
    ]
    connection.execute(tables["daily"].insert(), counted)
    connection.execute(tables["rejections"].insert(), [_rejection(n) for n in range(profiles)])


def _tables(metadata: MetaData) -> dict[str, Table]:
    profiles = profile_tables(metadata, prefix("profiles"))
    identities = identity_tables(metadata, prefix("identities"))
    activities = activity_tables(metadata, prefix("activities"))
    return {
        "profiles": profiles.rows,
        "attributes": profiles.attributes,
        "origins": identities.origins,
        "days": activities.profile_days,
        "daily": activities.daily,
        "sessions": session_table(metadata, prefix("sessions")),
        "rejections": rejection_tables(metadata, prefix("rejections")).rows,
    }


def _chunks(
    chance: random.Random, profiles: int, daily: Counter[tuple[str, int]]
) -> Iterator[Rows]:
    for start in range(0, profiles, CHUNK):
        rows: Rows = {
            name: [] for name in ("profiles", "attributes", "origins", "days", "sessions")
        }
        for number in range(start, min(start + CHUNK, profiles)):
            _add_profile(rows, chance, number, daily)
        yield rows


def _add_profile(
    rows: Rows, chance: random.Random, number: int, daily: Counter[tuple[str, int]]
) -> None:
    profile_id = UUID(int=(0x0190_0000_0000 + number << 80) | chance.getrandbits(80)).hex
    is_customer = chance.random() < FOLDED
    uids = [f"u{number}", f"v{number}"] if is_customer else [f"u{number}"]
    values = _attributes(chance, number)
    for name, value in values.items():
        rows["attributes"] += rows_of(profile_id, name, value)
    moments: list[Instant] = []
    days: Counter[tuple[str, int]] = Counter()
    for uid in uids:
        origin = f"uid:{uid}"
        rows["origins"].append(_origin(profile_id, "uid", uid, origin))
        moments += _activities(rows, chance, origin, days)
    rows["days"] += _days(profile_id, days)
    daily.update(days)
    if is_customer:
        rows["origins"].append(_origin(profile_id, "cid", f"c{number}", f"cid:{profile_id}"))
    who = {"cid": f"c{number}"} if is_customer else {"uid": uids[0]}
    rows["profiles"].append(_profile(profile_id, who, uids, values, moments))


def _attributes(chance: random.Random, number: int) -> dict[str, Any]:
    return {
        "plan": chance.choices(PLANS, (60, 25, 14, 1))[0],
        "city": chance.choice(CITIES),
        "age": chance.randint(18, 90),
        "newsletter": chance.random() < 0.5,  # noqa: PLR2004 - every other one
        "email": f"person{number}@example.org",
        "$sources": ["web"],
    }


def _activities(
    rows: Rows, chance: random.Random, origin: str, days: Counter[tuple[str, int]]
) -> list[Instant]:
    """Add some days of activity; gives when they were."""
    moments: list[Instant] = []
    known: set[tuple[str, int]] = set()
    for _ in range(chance.randint(1, 3)):
        at = NOW - int(chance.expovariate(1 / 30) * DAY)
        moments.append(at)
        rows["sessions"].append(_session(origin, at))
        for name in set(chance.choices(NAMES, WEIGHTS, k=3)):
            count, day = chance.randint(1, 3), day_of(at)
            if (name, day) not in known:
                known.add((name, day))
                days[name, day] += count
    return sorted(set(moments))


def _days(profile_id: str, days: Counter[tuple[str, int]]) -> list[dict[str, Any]]:
    return [
        {"profile_id": profile_id, "name": name, "day": day, "source": "web", "count": count}
        for (name, day), count in days.items()
    ]


def _profile(
    profile_id: str,
    who: dict[str, str],
    uids: list[str],
    values: dict[str, Any],
    moments: list[Instant],
) -> dict[str, Any]:
    kind, first, last = "customer" if "cid" in who else "visitor", min(moments), max(moments)
    shape = {"kind": kind, **who, "uids": uids, "attributes": values, "refusals": []} | {
        "first_seen": rfc3339(first),
        "last_seen": rfc3339(last),
        "activity_count": len(moments),
    }
    text = msgspec.json.encode(shape)
    digest = sha256(text).hexdigest()
    return (
        {"uid": None, "cid": None}
        | who
        | {
            "profile_id": profile_id,
            "kind": kind,
            "first_seen": first,
            "last_seen": last,
            "activity_count": len(moments),
            "version": 1,
            "digest": digest,
            "document": text.decode(),
        }
    )


def _origin(profile_id: str, kind: str, value: str, origin: str) -> dict[str, Any]:
    return {
        "stream_id": sha256(origin.encode()).hexdigest()[:32],
        "origin": origin,
        "kind": kind,
        "value": value,
        "profile_id": profile_id,
        "since": NOW,
        "message_id": "m",
        "rule": None,
    }


def _session(origin: str, at: Instant) -> dict[str, Any]:
    session = {"origin": origin, "session": f"run:{at}", "started": at, "ended": at}
    return session | {"activities": 1, "entry_key": f"0{at}", "entry_page": "/"}


def _rejection(number: int) -> dict[str, Any]:
    return {
        "position": number * 7 + 1,
        "source": "web" if number % 3 else "app",
        "code": "poison_id" if number % 10 else "bad_timestamp",
        "message": "Expected userId to name one person, got the placeholder 'null'",
        "message_id": f"m{number}",
        "occurred_at": NOW - number * 1_000_000,
        "recorded_at": NOW - number * 1_000_000,
        "sample": '{"userId":"null"}',
    }
