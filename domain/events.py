"""The facts. Past tense, never changed, never refused; this union is closed.

Stored positionally under short literal topics (`store.topics`): append fields at the end and
raise the schema version there.
"""

import msgspec

from domain.attributes import RawJson
from domain.identifiers import Cid, LinkKey, ProfileId, Uid
from domain.instants import Instant
from domain.origin import Origin


class Moment(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The call behind an event, and its two clocks.

    `occurred_at` is when it happened, `recorded_at` when Onefold took note.
    """

    message_id: str
    occurred_at: Instant
    recorded_at: Instant
    source: str


class Fact(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What every event carries."""

    moment: Moment


class VisitorBorn(Fact, frozen=True):
    """An unknown UID made contact for the first time."""

    uid: Uid


class CustomerBorn(Fact, frozen=True):
    """The business named a person for the first time."""

    cid: Cid


class Content(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a call brought, under the origin it came from.

    `uid` is the origin (None: the CID alone). `asserts` says that the call named this UID
    together with its CID. The times are the client's and the receiving gateway's.
    """

    uid: Uid | None
    asserts: bool
    links: tuple[LinkKey, ...]
    context: RawJson
    received_at: Instant
    original_at: Instant | None
    sent_at: Instant | None
    attributes: dict[str, RawJson]


class ActivityTracked(Fact, frozen=True):
    """A person did something."""

    content: Content
    name: str
    properties: RawJson


class AttributesSet(Fact, frozen=True):
    """Attributes became known; every write is kept, also one that loses (rule M8)."""

    content: Content


class CustomerSeen(Fact, frozen=True):
    """A customer was identified again, without news, on a later day (rule M8)."""

    uid: Uid | None
    links: tuple[LinkKey, ...]


class Refusal(msgspec.Struct, frozen=True, array_like=True):
    """Something declined, as the profile shows it. `subject` tells two of a kind apart."""

    code: str
    subject: str
    message_id: str
    occurred_at: Instant
    detail: str = ""


class Contribution(msgspec.Struct, frozen=True):
    """What a visitor brings into the customer: its folded state (rule M5)."""

    origin: Origin
    message_ids: tuple[str, ...]
    refusals: tuple[Refusal, ...] = ()


class Folded(Fact, frozen=True):
    """The visitor became part of a customer; its stream closes here (rule M4)."""

    cid: Cid
    customer_id: ProfileId
    rule: str


class Merged(Fact, frozen=True):
    """A visitor was folded into this customer, with all it brought (rules M4 and M5)."""

    uid: Uid
    visitor_id: ProfileId
    visitor_version: int
    contribution: Contribution
    rule: str


class MergeRefused(Fact, frozen=True):
    """The UID already belongs to another customer, for ever (rule M6)."""

    uid: Uid
    owner: Cid
    claimed_by: Cid


class AliasRefused(Fact, frozen=True):
    """The previous id names a customer, and customers never merge (rule C7)."""

    previous_id: str
    cid: Cid


class AttributesRefused(Fact, frozen=True):
    """The profile has all the attributes it may have; these were not taken."""

    uid: Uid | None
    attributes: dict[str, RawJson]


class LinkRefused(Fact, frozen=True):
    """Too many visitors share this link key for it to mean one person."""

    uid: Uid
    link: LinkKey


Event = (
    VisitorBorn
    | CustomerBorn
    | ActivityTracked
    | AttributesSet
    | CustomerSeen
    | Folded
    | Merged
    | MergeRefused
    | AliasRefused
    | AttributesRefused
    | LinkRefused
)
"""Every event of a profile's stream."""


class CallRejected(Fact, frozen=True):
    """A call of this source could not be taken; kept in the source's own stream."""

    code: str
    message: str
    sample: bytes


AnyEvent = Event | CallRejected
