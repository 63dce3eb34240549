"""Why an attribute has the value it has: who wrote it, by what way it came, whom it beat."""

from collections.abc import Sequence
from typing import Any

import msgspec

from domain.attributes import Members, Policies, Policy, RawJson, Register, shown, written
from domain.draft import Recorded
from domain.errors import UnknownAttribute
from domain.events import AttributesRefused, Merged
from domain.identifiers import Uid
from domain.instants import rfc3339
from domain.person import Person, has_occurred


class Write(msgspec.Struct, frozen=True):
    """One call that wrote the attribute, and the event that holds it."""

    position: int
    recorded: Recorded
    uid: Uid | None
    value: RawJson

    @property
    def order(self) -> tuple[int, str]:
        """Give what the policy *latest* goes by."""
        moment = self.recorded.event.moment
        return moment.occurred_at, moment.message_id


def explain(person: Person, name: str, policies: Policies) -> dict[str, Any]:
    """Explain one attribute of a profile; raises `UnknownAttribute` for one never written.

    Keys: `attribute`, `policy`, `value`, `set_by` (the write that won; under *union* every one
    that brought a member), `beaten` and `refused`, each newest first. A write has `value`,
    `position`, `message_id`, `source`, `occurred_at`, `recorded_at`, `uid` and `via`: the merge
    that brought it, None when it came to this profile itself. An attribute that was removed has
    the value None.
    """
    writes, refused = _writes(person, name), _refused(person, name)
    if not writes and not refused:
        raise UnknownAttribute(name)
    policy, value = policies.of(name), person.profile.total.attributes.get(name)
    winners = [write for write in writes if _won(write, policy, value)]
    merges = {r.event.uid: (at, r.event) for at, r in person.events if isinstance(r.event, Merged)}

    def told(found: Sequence[Write]) -> list[dict[str, Any]]:
        newest_first = sorted(found, key=lambda write: write.order, reverse=True)
        return [_told(write, person, merges) for write in newest_first]

    return {
        "attribute": name,
        "policy": policy.value,
        "value": None if value is None else shown(value),
        "set_by": told(winners),
        "beaten": told([write for write in writes if write not in winners]),
        "refused": told(refused),
    }


def _writes(person: Person, name: str) -> list[Write]:
    return [
        Write(position, recorded, event.content.uid, event.content.attributes[name])
        for position, recorded, event in person.content()
        if name in event.content.attributes
    ]


def _refused(person: Person, name: str) -> list[Write]:
    return [
        Write(position, recorded, recorded.event.uid, recorded.event.attributes[name])
        for position, recorded in person.events
        if isinstance(recorded.event, AttributesRefused)
        and name in recorded.event.attributes
        and has_occurred(recorded.event, person.as_of)
    ]


def _won(write: Write, policy: Policy, value: Register | Members | None) -> bool:
    """Tell whether a write is, or is part of, the value shown."""
    own = written(policy, *write.order, write.value)
    if own is None or value is None:
        return False
    if isinstance(own, Register) or isinstance(value, Register):
        return own == value
    return bool(own & value)


def _told(write: Write, person: Person, merges: dict[Uid, tuple[int, Merged]]) -> dict[str, Any]:
    moment = write.recorded.event.moment
    return {
        "value": msgspec.json.decode(write.value),
        "position": write.position,
        "message_id": moment.message_id,
        "source": moment.source,
        "occurred_at": rfc3339(moment.occurred_at),
        "recorded_at": rfc3339(moment.recorded_at),
        "uid": write.uid,
        "via": _via(write, person, merges),
    }


def _via(
    write: Write, person: Person, merges: dict[Uid, tuple[int, Merged]]
) -> dict[str, Any] | None:
    profile = person.profile
    is_own = profile.cid is None or write.recorded.profile_id == profile.id
    if is_own or write.uid is None or write.uid not in merges:
        return None
    position, merged = merges[write.uid]
    return {
        "rule": merged.rule,
        "position": position,
        "message_id": merged.moment.message_id,
        "occurred_at": rfc3339(merged.moment.occurred_at),
    }
