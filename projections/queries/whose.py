"""Finding the profile behind an id."""

from typing import Literal

from sqlalchemy import select

from projections.identities import UID
from projections.queries.snapshot import Snapshot, identities_in

Kind = Literal["customer", "visitor"]

_KINDS = {"customer": "cid", "visitor": "uid"}


def profile_of(snapshot: Snapshot, kind: Kind, value: str) -> str | None:
    """Give the profile a CID or UID belongs to now; None for one that the view has not seen."""
    origins = identities_in(snapshot).origins
    is_named = (origins.c.value == value, origins.c.kind == _KINDS[kind])
    statement = select(origins.c.profile_id).where(*is_named)
    found: str | None = snapshot.connection.execute(statement).scalar()
    return found


def uid_of(origin: str) -> str:
    """Give the UID that an origin is named by."""
    return origin.removeprefix(UID)
