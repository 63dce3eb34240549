"""The shapes of what is answered."""

from typing import Any, Literal

import msgspec

from service.wire.inbound import Rejected


class Accepted(msgspec.Struct, frozen=True, omit_defaults=True):
    """Every call of the request is durable, at `position` of the log at the latest.

    `duplicates` counts calls that had been applied before; `rejected` lists those that could
    not be taken, which are kept as facts too.
    """

    success: Literal[True]
    position: int = 0
    duplicates: int = 0
    rejected: list[Rejected] = []


class Problem(msgspec.Struct, frozen=True):
    """Why there is no other answer; `code` is stable and meant for programs."""

    success: Literal[False]
    code: str
    message: str


class Refusal(msgspec.Struct, frozen=True):
    """An instruction that was declined."""

    code: str
    subject: str
    detail: str
    message_id: str
    occurred_at: str


class ProfileShown(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A profile: a customer has a `cid`, a visitor a `uid`. Times are RFC 3339 in UTC."""

    kind: Literal["customer", "visitor"]
    cid: str | msgspec.UnsetType = msgspec.UNSET
    uid: str | msgspec.UnsetType = msgspec.UNSET
    uids: list[str]
    attributes: dict[str, Any]
    first_seen: str | None
    last_seen: str | None
    activity_count: int
    activities: dict[str, int]
    refusals: list[Refusal]
    last_identified_on: str | msgspec.UnsetType | None = msgspec.UNSET
    version: int
    digest: str
    folded_from: str | msgspec.UnsetType = msgspec.UNSET


class TimelineShown(msgspec.Struct, frozen=True):
    """Activities, newest first; `next` is the `before` of the page that follows."""

    activities: list[dict[str, Any]]
    next: str | None


class Health(msgspec.Struct, frozen=True):
    """It works."""

    status: Literal["ok"] = "ok"
