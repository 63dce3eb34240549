"""Who a call speaks of, and which call it is (rules C1, C2 and C10)."""

import uuid_utils

from domain.errors import BadIdentifier
from domain.identifiers import identifier

DAMAGED = "\ufffd"
"""What decoders put where text was broken: two such ids may have been two people's."""

PLACEHOLDERS = frozenset({"null", "undefined", "none", "nil", "nan", "[object object]"})
"""Message ids of clients that have none."""


def read_id(field: str, value: object, poison: frozenset[str]) -> str | None:
    """Read an id of a person or group; None when it is absent."""
    found = identifier(field, value, poison)
    if found is not None and DAMAGED in found:
        raise BadIdentifier(field, "it holds U+FFFD, the mark of damaged text")
    return found


def message_id(value: object, longest: int) -> str:
    """Read a message id; a call without one gets one."""
    if type(value) is str and len(value) <= longest and value.isprintable():
        found: str | None = value
    else:
        found = _unusual(value, longest)
    if found is None or not found.strip() or found.lower() in PLACEHOLDERS:
        return str(uuid_utils.uuid7())
    return found


def _unusual(value: object, longest: int) -> str | None:
    if isinstance(value, bool):
        raise BadIdentifier("messageId", "it is of type bool")
    found = identifier("messageId", value, frozenset()) if value != 0 else "0"
    if found is not None and len(found) > longest:
        raise BadIdentifier("messageId", f"it has {len(found)} characters, more than {longest}")
    return found
