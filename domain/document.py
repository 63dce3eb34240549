"""The profile as people and programs see it, in one canonical form with a digest (rule F5)."""

import hashlib
from typing import Any

import msgspec

from domain.attributes import shown
from domain.events import Refusal
from domain.identifiers import Uid
from domain.instants import date_text, rfc3339
from domain.profile import Profile

Document = dict[str, Any]
"""A JSON object; see `document` for its keys."""


def document(profile: Profile, folded_from: Uid | None = None) -> Document:
    """Show a profile.

    Keys: `kind`, `cid` or `uid`, `uids`, `attributes`, `first_seen`, `last_seen`,
    `activity_count`, `activities`, `refusals`, for a customer `last_identified_on`, then
    `version` and `digest`; `folded_from` when asked for by a UID that is folded. Times are
    RFC 3339 in UTC.
    """
    shape = _shape(profile)
    shape["version"] = profile.version
    shape["digest"] = digest(profile)
    if folded_from is not None:
        shape["folded_from"] = folded_from
    return shape


def digest(profile: Profile) -> str:
    """Give the SHA-256 of the canonical form: the document without version and digest.

    Any order and repetition of one person's calls gives the same digest (rule F5). How many
    events they took, the version, may differ, and so is left out.
    """
    return hashlib.sha256(canonical(profile)).hexdigest()


def canonical(profile: Profile) -> bytes:
    """Encode what the digest covers: the document without version and digest, keys sorted."""
    return msgspec.json.encode(_shape(profile), order="sorted")


def _shape(profile: Profile) -> Document:
    total = profile.total
    shape: Document = (
        {"kind": "visitor", "uid": profile.uid, "uids": [profile.uid]}
        if profile.cid is None
        else {"kind": "customer", "cid": profile.cid, "uids": sorted(profile.visitors)}
    )
    attributes = {name: shown(value) for name, value in sorted(total.attributes.items())}
    shape |= {
        "attributes": {name: value for name, value in attributes.items() if value is not None},
        "first_seen": None if total.first_seen is None else rfc3339(total.first_seen),
        "last_seen": None if total.last_seen is None else rfc3339(total.last_seen),
        "activity_count": sum(total.activities.values()),
        "activities": dict(sorted(total.activities.items())),
        "refusals": refusals_shown(profile),
    }
    if profile.cid is not None:
        day = profile.last_identified_on
        shape["last_identified_on"] = None if day is None else date_text(day)
    return shape


def refusals_shown(profile: Profile) -> list[Document]:
    """Show what was declined, in the order of code and subject."""
    return [_refusal(profile.refusals[key]) for key in sorted(profile.refusals)]


def _refusal(refusal: Refusal) -> Document:
    return {
        "code": refusal.code,
        "subject": refusal.subject,
        "detail": refusal.detail,
        "message_id": refusal.message_id,
        "occurred_at": rfc3339(refusal.occurred_at),
    }
