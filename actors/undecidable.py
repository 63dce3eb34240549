"""What becomes of a call that cannot be decided, whatever is tried: kept, but not applied."""

from typing import Any

import msgspec

from domain.commands import AnyCommand, Reject

UNDECIDABLE = "undecidable"
MESSAGE = "Expected to decide this call, but that failed; it is kept in its source's journal"

_RAW = frozenset({"properties", "context"})


def rejection_of(call: AnyCommand) -> Reject:
    """Make the rejection of a call that deciding failed on, the whole call as its sample."""
    return Reject(
        message_id=call.message_id,
        occurred_at=call.occurred_at,
        received_at=call.received_at,
        source=call.source,
        code=UNDECIDABLE,
        message=MESSAGE,
        sample=msgspec.json.encode(_written(call)),
    )


def _written(call: AnyCommand) -> dict[str, Any]:
    fields = {name: getattr(call, name) for name in call.__struct_fields__}
    told = {name: _told(name, value) for name, value in fields.items() if value}
    return {"call": type(call).__name__} | told


def _told(name: str, value: Any) -> Any:
    """Put JSON into JSON as it is."""
    if name == "attributes":
        return {key: msgspec.Raw(raw) for key, raw in value.items()}
    return msgspec.Raw(value) if name in _RAW else value
