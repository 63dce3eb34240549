"""However calls arrive, the view of everybody comes out the same (rule F5)."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from domain.commands import Call
from domain.draft import Recorded
from tests.actors.deployment import Deployment, deployed, send
from tests.projections.views import Views, folded
from tests.store.effort import SOME_UNSHRUNK
from tests.store.journeys import journeys

PROFILES = "profiles_1_profiles"


def log_of(deployment: Deployment, calls: list[Call]) -> list[Recorded]:
    """Read every stream that the calls can have made, in the order of the log."""
    store = deployment.store()
    uids = sorted({call.uid for call in calls if call.uid is not None})
    cids = sorted({call.cid for call in calls if call.cid is not None})
    found = [*store.find("uid", uids).values(), *store.find("cid", cids).values()]
    return [recorded for _, recorded in store.positioned([entry.profile_id for entry in found])]


def digest_of(found: Views) -> str:
    """Digest the view `profiles` without what the order of arrival may change.

    That is the ids of streams and their versions; `verify` compares those too, for it replays
    the same log.
    """
    table = found.metadata.tables[PROFILES]
    shown = (table.c.kind, table.c.uid, table.c.cid, table.c.first_seen, table.c.last_seen)
    rows = found.connection.execute(select(*shown, table.c.activity_count, table.c.digest))
    return hashlib.sha256(repr(sorted(map(repr, rows))).encode()).hexdigest()


def sessions_of(found: Views) -> list[str]:
    """Give the rows that are kept by UID; those of a CID alone are named by its stream."""
    rows = found.rows("sessions_1_sessions")
    return [repr(row) for row in rows if row["origin"].startswith("uid:")]


def days_of(found: Views) -> list[str]:
    """Give who did what how often on which day, by the names of profiles and not by their ids."""
    names = {row["profile_id"]: (row["uid"], row["cid"]) for row in found.rows(PROFILES)}
    rows = found.rows("activities_1_profile_days")
    return sorted(repr((names[row.pop("profile_id")], row)) for row in rows)


@SOME_UNSHRUNK
@given(st.data())
def test_f5_shuffled_repeated_and_split_calls_make_the_same_views(data: st.DataObject) -> None:
    calls = data.draw(journeys(longest=25), label="calls")
    again = data.draw(st.lists(st.sampled_from(calls), max_size=6), label="again")
    left = data.draw(st.permutations([*calls, *again]), label="arrived")
    with deployed() as straight, deployed() as shuffled:
        send(straight.hosts[0], *calls)
        while left:
            size = data.draw(st.integers(1, len(left)), label="batch")
            send(shuffled.hosts[0], *left[:size])
            left = left[size:]
        with folded(log_of(straight, calls)) as expected, folded(log_of(shuffled, calls)) as found:
            assert digest_of(found) == digest_of(expected)
            assert sessions_of(found) == sessions_of(expected)
            assert days_of(found) == days_of(expected)
            assert found.rows("activities_1_daily") == expected.rows("activities_1_daily")
