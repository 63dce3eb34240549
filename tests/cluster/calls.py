"""Calls as SDKs send them, with ids that no other test uses."""

from typing import Any
from uuid import uuid4


def fresh(prefix: str) -> str:
    """Make an id that nobody else has."""
    return f"{prefix}-{uuid4()}"


def day(number: int, hour: int = 12) -> str:
    """Give noon of a numbered day as a client writes it."""
    return f"2026-03-{number:02}T{hour:02}:00:00.000Z"


def track(name: str, at: str, **ids: Any) -> dict[str, Any]:
    """Make a track call; `uid`, `cid`, `device` and `message_id` as named."""
    return _call("track", at, ids) | {"event": name, "properties": {"at": at}}


def page(at: str, **ids: Any) -> dict[str, Any]:
    """Make a page call."""
    return _call("page", at, ids) | {"name": "Home", "properties": {}}


def identify(at: str, traits: dict[str, Any] | None = None, **ids: Any) -> dict[str, Any]:
    """Make an identify call."""
    return _call("identify", at, ids) | {"traits": traits or {}}


def _call(kind: str, at: str, ids: dict[str, Any]) -> dict[str, Any]:
    device = ids.get("device")
    return {
        "type": kind,
        "messageId": ids.get("message_id") or str(uuid4()),
        "timestamp": at,
        "context": {"device": {"id": device}} if device else {},
        **({"anonymousId": ids["uid"]} if ids.get("uid") else {}),
        **({"userId": ids["cid"]} if ids.get("cid") else {}),
    }
