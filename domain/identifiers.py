"""UIDs and CIDs: what may name a person, and what never does (rules C1 and C2)."""

import re
from typing import NewType
from uuid import UUID

from domain.errors import BadIdentifier, PoisonIdentifier

Uid = NewType("Uid", str)
"""Id that an SDK mints at first contact: one per browser or app install until reset."""

Cid = NewType("Cid", str)
"""Id that the business gives a person; set once, never changed."""

ProfileId = UUID
"""A UUIDv7 naming one stream; minted by the host when the profile is born (rule S1)."""

LinkKey = str
"""`<kind>:<value>`, for example `device:4f1c...`; see `domain.linking`."""

ID_LENGTH = 255

POISON = frozenset(
    {
        *("null", "undefined", "none", "nil", "nan", "not_set", "n/a", "[object object]"),
        *("anonymous", "guest", "unknown", "true", "false", "0", "-1"),
    }
)
"""Placeholders that broken clients send as ids, in lower case (rule C1)."""

_ZEROS = re.compile(r"[0-]*0[0-]*")  # also the nil UUID
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def identifier(field: str, value: object, poison: frozenset[str] = POISON) -> str | None:
    """Read an id as clients send it; None when it is absent.

    `null` and blank text are absent, numbers become strings. Raises `BadIdentifier` for what
    is no id, `PoisonIdentifier` for a placeholder on the poison list or nothing but zeros.
    """
    if type(value) is not str:
        if value is None:
            return None
        value = _as_text(field, value)
    bare = value.strip()
    if not bare:
        return None
    if len(value) > ID_LENGTH:
        raise BadIdentifier(field, f"it has {len(value)} characters, more than {ID_LENGTH}")
    if not value.isprintable() and _CONTROL.search(value):
        raise BadIdentifier(field, "it holds a control character")
    if bare.lower() in poison or (bare[0] in "0-" and _ZEROS.fullmatch(bare)):
        raise PoisonIdentifier(field, value)
    return value


def _as_text(field: str, value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    raise BadIdentifier(field, f"it is of type {type(value).__name__}")
