"""The view `identities`: whose every UID and CID is, and which link keys came under each.

Sessions are kept by origin. `origins` says whose an origin is now, and a fold changes that one
row.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Index, MetaData, Table, bindparam, tuple_, update

from domain.draft import Recorded
from domain.events import (
    ActivityTracked,
    AttributesSet,
    CustomerBorn,
    CustomerSeen,
    Folded,
    Moment,
    VisitorBorn,
)
from domain.identifiers import LinkKey, ProfileId, Uid
from projections import upserts
from projections.columns import key, optional_text, profile_key, storable, text, whole
from projections.states import Recall

Row = dict[str, Any]
UID = "uid:"


class IdentityTables(NamedTuple):
    """`origins`, one a UID or CID, and `links`, one a link key under an origin."""

    origins: Table
    links: Table


def identity_tables(metadata: MetaData, prefix: str) -> IdentityTables:
    """Declare the tables, or find them declared."""
    origins = metadata.tables.get(f"{prefix}origins")
    links = metadata.tables.get(f"{prefix}links")
    return IdentityTables(
        _origins(metadata, f"{prefix}origins") if origins is None else origins,
        _links(metadata, f"{prefix}links") if links is None else links,
    )


def origin_key(uid: Uid | None, profile_id: ProfileId) -> str:
    """Name an origin: a UID, wherever it belongs, or what came under a customer's CID alone."""
    return f"cid:{profile_id.hex}" if uid is None else UID + uid


class Identities:
    """The projection."""

    name = "identities"
    version = 1

    def declare(self, metadata: MetaData, prefix: str) -> None:
        """See `actors.ports.Projection.declare`."""
        identity_tables(metadata, prefix)

    def open(self, metadata: MetaData, prefix: str, recall: Recall) -> "IdentitiesFold":  # noqa: ARG002 - the events say it all
        """See `actors.ports.Projection.open`."""
        return IdentitiesFold(identity_tables(metadata, prefix))


class IdentitiesFold:
    """Keeps the tables: a stream's own row, and of each link key the earliest call."""

    def __init__(self, tables: IdentityTables) -> None:
        self._tables = tables

    def fold(self, connection: Connection, page: Sequence[tuple[int, Recorded]]) -> None:
        """See `actors.ports.Fold.fold`."""
        born, moved = _owners(page)
        links = _earliest(page)
        origins = self._tables.origins
        upserts.put(connection, origins, born)
        if moved:
            whose = origins.c.stream_id == bindparam("moved")
            connection.execute(update(origins).where(whose), moved)
        table = self._tables.links
        upserts.put_where(
            connection,
            table,
            links,
            lambda new: {"since": new["since"], "message_id": new["message_id"]},
            lambda new: (
                tuple_(new["since"], new["message_id"]) < tuple_(table.c.since, table.c.message_id)
            ),
        )

    def forget(self) -> None:
        """See `actors.ports.Fold.forget`; nothing is in memory."""


def _owners(page: Iterable[tuple[int, Recorded]]) -> tuple[list[Row], list[Row]]:
    """Give the rows of streams born in the page, and changes to rows of earlier ones."""
    born: dict[ProfileId, Row] = {}
    moved: list[Row] = []
    for _, recorded in page:
        stream, event = recorded.profile_id, recorded.event
        match event:
            case VisitorBorn():
                born[stream] = _row(stream, event.moment, "uid", event.uid, UID + event.uid)
            case CustomerBorn():
                born[stream] = _row(
                    stream, event.moment, "cid", event.cid, origin_key(None, stream)
                )
            case Folded():
                change = _belongs(event.customer_id, event.moment, event.rule)
                if stream in born:
                    born[stream] |= change
                else:
                    moved.append({"moved": profile_key(stream), **change})
            case _:
                pass
    return list(born.values()), moved


def _row(stream: ProfileId, moment: Moment, kind: str, value: str, origin: str) -> Row:
    return {
        "stream_id": profile_key(stream),
        "origin": origin,
        "kind": kind,
        "value": value,
        **_belongs(stream, moment, None),
    }


def _belongs(profile_id: ProfileId, moment: Moment, rule: str | None) -> Row:
    return {
        "profile_id": profile_key(profile_id),
        "since": moment.occurred_at,
        "message_id": storable(moment.message_id),
        "rule": rule,
    }


def _earliest(page: Iterable[tuple[int, Recorded]]) -> list[Row]:
    """Give, for each link key under an origin, the earliest call of the page that brought it."""
    found: dict[tuple[LinkKey, str], tuple[int, str]] = {}
    for _, recorded in page:
        uid, links = _brought(recorded)
        if links:
            moment = recorded.event.moment
            origin, call = (
                origin_key(uid, recorded.profile_id),
                (moment.occurred_at, moment.message_id),
            )
            for link in links:
                have = found.get((link, origin))
                if have is None or call < have:
                    found[link, origin] = call
    return [
        {
            "link": storable(link),
            "origin": origin,
            "since": since,
            "message_id": storable(message_id),
        }
        for (link, origin), (since, message_id) in found.items()
    ]


def _brought(recorded: Recorded) -> tuple[Uid | None, tuple[LinkKey, ...]]:
    event = recorded.event
    if isinstance(event, ActivityTracked | AttributesSet):
        return event.content.uid, event.content.links
    return (event.uid, event.links) if isinstance(event, CustomerSeen) else (None, ())


def _origins(metadata: MetaData, name: str) -> Table:
    return Table(
        name,
        metadata,
        key("stream_id"),
        text("origin"),
        text("kind"),
        text("value"),
        text("profile_id"),
        whole("since"),
        text("message_id"),
        optional_text("rule"),
        Index(f"{name}_by_origin", "origin", "profile_id", unique=True),
        Index(f"{name}_by_profile", "profile_id", "origin"),
        Index(f"{name}_by_value", "value"),
    )


def _links(metadata: MetaData, name: str) -> Table:
    return Table(
        name,
        metadata,
        key("link"),
        key("origin"),
        whole("since"),
        text("message_id"),
        Index(f"{name}_by_origin", "origin"),
        sqlite_with_rowid=False,
    )
