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
    as_of: str | msgspec.UnsetType = msgspec.UNSET
    as_known_at: str | msgspec.UnsetType = msgspec.UNSET


class TimelineShown(msgspec.Struct, frozen=True):
    """Activities, newest first; `next` is the `before` of the page that follows."""

    activities: list[dict[str, Any]]
    next: str | None


class HistoryShown(msgspec.Struct, frozen=True):
    """Events, in the order asked for; `next` is the `after` of the page that follows."""

    events: list[dict[str, Any]]
    next: int | None


class Via(msgspec.Struct, frozen=True):
    """The merge that brought a value into the customer."""

    rule: str
    position: int
    message_id: str
    occurred_at: str


class WriteShown(msgspec.Struct, frozen=True):
    """A call that wrote an attribute; `uid` null: under the CID alone."""

    value: Any
    position: int
    message_id: str
    source: str
    occurred_at: str
    recorded_at: str
    uid: str | None
    via: Via | None


class Explanation(msgspec.Struct, frozen=True):
    """Why an attribute has its value; several calls set it only under *union*."""

    attribute: str
    policy: Literal["latest", "earliest", "min", "max", "union"]
    value: Any
    set_by: list[WriteShown]
    beaten: list[WriteShown]
    refused: list[WriteShown]


class Identity(msgspec.Struct, frozen=True, omit_defaults=True):
    """A UID of a profile; in a customer, with the call that folded it."""

    uid: str
    links: list[str]
    first_seen: str | None
    since: str | msgspec.UnsetType = msgspec.UNSET
    rule: str | msgspec.UnsetType = msgspec.UNSET
    position: int | msgspec.UnsetType = msgspec.UNSET
    message_id: str | msgspec.UnsetType = msgspec.UNSET
    source: str | msgspec.UnsetType = msgspec.UNSET
    occurred_at: str | msgspec.UnsetType = msgspec.UNSET
    recorded_at: str | msgspec.UnsetType = msgspec.UNSET


class IdentitiesShown(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Why these UIDs are one person."""

    kind: Literal["customer", "visitor"]
    cid: str | msgspec.UnsetType = msgspec.UNSET
    uid: str | msgspec.UnsetType = msgspec.UNSET
    uids: list[Identity]
    refusals: list[Refusal]


class SettingsShown(msgspec.Struct, frozen=True):
    """What Segment's browser and mobile SDKs fetch before they start."""

    integrations: dict[str, Any]
    metrics: dict[str, int]
    plan: dict[str, Any]
    remotePlugins: list[Any]  # noqa: N815 - its name on the wire


class SourceConfigShown(msgspec.Struct, frozen=True):
    """What RudderStack's SDKs fetch before they start."""

    source: dict[str, Any]


class Health(msgspec.Struct, frozen=True):
    """It works."""

    status: Literal["ok"] = "ok"
