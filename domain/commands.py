"""What the world asks of a profile. Time, ids and chance come in here, never from a clock.

A call of an SDK becomes one command. The commands travel between processes as positional
MessagePack (`array_like`), so fields are only ever added at the end.
"""

import msgspec

from domain.attributes import RawJson
from domain.identifiers import Cid, LinkKey, Uid
from domain.instants import Instant

EMPTY: RawJson = b"{}"


class Command(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """What every command carries.

    `occurred_at` is corrected for clock skew (rule C9); `original_at` and `sent_at` are what
    the client said, `received_at` what our clock said. `context` is JSON as it was sent.
    """

    message_id: str
    occurred_at: Instant
    received_at: Instant
    original_at: Instant | None = None
    sent_at: Instant | None = None
    source: str = "default"
    uid: Uid | None = None
    cid: Cid | None = None
    links: tuple[LinkKey, ...] = ()
    context: RawJson = EMPTY


class Track(Command, frozen=True, kw_only=True, array_like=True, tag="track"):
    """A person did something: an activity with its properties.

    `attributes` are those that the activity itself sets, like `groups` (rule C8).
    """

    name: str
    properties: RawJson = EMPTY
    attributes: dict[str, RawJson] = {}


class Identify(Command, frozen=True, kw_only=True, array_like=True, tag="identify"):
    """Attributes are known of a person (rule C6); with a UID and a CID it asserts identity."""

    attributes: dict[str, RawJson] = {}


class Alias(Command, frozen=True, kw_only=True, array_like=True, tag="alias"):
    """`previous_id`, so far a UID, is the person called `cid` (rule C7)."""

    previous_id: Uid


class Reject(Command, frozen=True, kw_only=True, array_like=True, tag="reject"):
    """A call could not be understood or must not be applied: keep that as a fact."""

    code: str
    message: str
    sample: bytes = b""


Call = Track | Identify | Alias
"""A command that speaks of a person."""

AnyCommand = Track | Identify | Alias | Reject
