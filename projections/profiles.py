"""The view `profiles`: every unfolded visitor and every customer, to be searched.

A visitor's row goes when it is folded, for its customer has it then. Each stream writes its own
rows alone, so the order between streams makes no difference.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Index, MetaData, Table, bindparam, delete

from domain.attributes import Attributes, Policies
from domain.document import canonical
from domain.draft import Recorded
from domain.events import CallRejected
from domain.identifiers import ProfileId
from domain.instants import EARLIEST, Instant
from domain.profile import DEFAULT_POLICIES, Profile, evolve
from projections import attribute_index, upserts
from projections.columns import key, optional_text, profile_key, text, whole
from projections.states import Recall, States

NEVER: Instant = EARLIEST - 1
"""`first_seen` and `last_seen` of a profile without activities: a null could not be paged by."""

LIVE = 20_000
"""Profiles a fold keeps in memory."""


class ProfileTables(NamedTuple):
    """`rows`, one a profile, and `attributes`, one an attribute value that can be compared."""

    rows: Table
    attributes: Table


def profile_tables(metadata: MetaData, prefix: str) -> ProfileTables:
    """Declare the tables, or find them declared."""
    name = f"{prefix}profiles"
    rows = metadata.tables.get(name)
    if rows is None:
        rows = _rows(metadata, name)
    return ProfileTables(rows, attribute_index.table(metadata, prefix))


class Profiles:
    """The projection; a change of policies makes other profiles and so needs a rebuild."""

    name = "profiles"
    version = 2

    def __init__(self, policies: Policies = DEFAULT_POLICIES, live: int = LIVE) -> None:
        self._policies = policies
        self._live = live

    def declare(self, metadata: MetaData, prefix: str) -> None:
        """See `actors.ports.Projection.declare`."""
        profile_tables(metadata, prefix)

    def open(self, metadata: MetaData, prefix: str, recall: Recall) -> "ProfilesFold":
        """See `actors.ports.Projection.open`."""
        tables = profile_tables(metadata, prefix)
        return ProfilesFold(tables, self._policies, States(recall, self._live))


class ProfilesFold:
    """Keeps the tables; each profile is written once a page, and of its attributes the news."""

    def __init__(self, tables: ProfileTables, policies: Policies, states: States) -> None:
        self._tables = tables
        self._policies = policies
        self._states = states

    def fold(self, connection: Connection, page: Sequence[tuple[int, Recorded]]) -> None:
        """See `actors.ports.Fold.fold`."""
        changes = self._changes(page)
        rows = [_row(now) for _, now in changes if _is_shown(now)]
        gone = [_key(before) for before, now in changes if _is_shown(before) > _is_shown(now)]
        news = [
            attribute_index.difference(now.id, _attributes(before), _attributes(now))
            for before, now in changes
        ]
        table = self._tables.rows
        upserts.put(connection, table, rows)
        if gone:
            condition = table.c.profile_id == bindparam("gone")
            connection.execute(delete(table).where(condition), gone)
        attribute_index.write(connection, self._tables.attributes, news)

    def forget(self) -> None:
        """See `actors.ports.Fold.forget`."""
        self._states.clear()

    def _changes(self, page: Iterable[tuple[int, Recorded]]) -> list[tuple[Profile, Profile]]:
        """Give each profile of the page as it was before and as it is now."""
        changes = []
        for profile_id, events in _by_stream(page).items():
            before = now = self._states.at(profile_id, events[0].version - 1)
            for recorded in events:
                now = evolve(now, recorded.event, self._policies)  # type: ignore[arg-type]  # a profile's stream holds no rejections
            self._states.keep(now)
            changes.append((before, now))
        return changes


def _by_stream(page: Iterable[tuple[int, Recorded]]) -> dict[ProfileId, list[Recorded]]:
    """Share out the events of profiles."""
    streams: dict[ProfileId, list[Recorded]] = {}
    for _, recorded in page:
        if not isinstance(recorded.event, CallRejected):
            streams.setdefault(recorded.profile_id, []).append(recorded)
    return streams


def _rows(metadata: MetaData, name: str) -> Table:
    return Table(
        name,
        metadata,
        key("profile_id"),
        text("kind"),
        optional_text("uid"),
        optional_text("cid"),
        whole("first_seen"),
        whole("last_seen"),
        whole("activity_count"),
        whole("version"),
        text("digest"),
        text("document"),
        Index(f"{name}_by_uid", "uid"),
        Index(f"{name}_by_cid", "cid"),
        Index(f"{name}_by_first_seen", "first_seen", "profile_id"),
        Index(f"{name}_by_last_seen", "last_seen", "profile_id"),
        Index(f"{name}_by_activity_count", "activity_count", "profile_id"),
    )


def _row(profile: Profile) -> dict[str, Any]:
    """Make a row; the document is `domain.document.document` as JSON, encoded once."""
    total = profile.total
    form = canonical(profile)
    digest = hashlib.sha256(form).hexdigest()
    return {
        "profile_id": profile_key(profile.id),
        "kind": "visitor" if profile.cid is None else "customer",
        "uid": None if profile.cid is not None else profile.uid,
        "cid": profile.cid,
        "first_seen": NEVER if total.first_seen is None else total.first_seen,
        "last_seen": NEVER if total.last_seen is None else total.last_seen,
        "activity_count": sum(total.activities.values()),
        "version": profile.version,
        "digest": digest,
        "document": f'{form[:-1].decode()},"version":{profile.version},"digest":"{digest}"}}',
    }


def _is_shown(profile: Profile) -> bool:
    return profile.version > 0 and profile.folded_into is None


def _attributes(profile: Profile) -> Attributes:
    return profile.total.attributes if _is_shown(profile) else {}


def _key(profile: Profile) -> dict[str, str]:
    return {"gone": profile_key(profile.id)}
