"""The closed registry of stored event types: short literal topics with a schema version.

A topic is for ever. When an event changes its shape, it gets the next version here and an
upcaster from the one before; no import path ever reaches the database.
"""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import msgspec

from domain.events import (
    ActivityTracked,
    AliasRefused,
    AnyEvent,
    AttributesRefused,
    AttributesSet,
    CallRejected,
    CustomerBorn,
    CustomerSeen,
    Folded,
    LinkRefused,
    Merged,
    MergeRefused,
    Moment,
    VisitorBorn,
)
from store.errors import UnknownTopic
from store.packing import unpacked
from store.shapes import Row, contribution_of, contribution_row

EVENTS: dict[str, type[Any]] = {
    "visitor_born.1": VisitorBorn,
    "customer_born.1": CustomerBorn,
    "tracked.1": ActivityTracked,
    "attributes_set.1": AttributesSet,
    "customer_seen.1": CustomerSeen,
    "folded.1": Folded,
    "merged.1": Merged,
    "merge_refused.1": MergeRefused,
    "alias_refused.1": AliasRefused,
    "attributes_refused.1": AttributesRefused,
    "link_refused.1": LinkRefused,
    "call_rejected.1": CallRejected,
}

Upcaster = Callable[[Row], Row]
"""Brings the fields of one event from a topic's shape to the next one's."""

UPCASTERS: dict[str, tuple[str, Upcaster]] = {}
"""Old topic -> (next topic, upcaster)."""


class Topics:
    """Names events for the database and makes events of what it names.

    `topics` gives the name of an event's type.
    """

    def __init__(
        self,
        events: Mapping[str, type[Any]] = EVENTS,
        upcasters: Mapping[str, tuple[str, Upcaster]] = UPCASTERS,
    ) -> None:
        self._events = dict(events)
        self._upcasters = dict(upcasters)
        self.topics = {event: topic for topic, event in events.items()}
        self._decoders = {
            topic: msgspec.msgpack.Decoder(event)
            for topic, event in events.items()
            if event is not Merged and topic not in upcasters
        }

    def fields(self, event: AnyEvent) -> object:
        """Give what is stored of an event: its fields by position."""
        if type(event) is Merged:
            moment, uid, visitor_id, version, brought, rule = msgspec.structs.astuple(event)
            return [moment, uid, visitor_id, version, contribution_row(brought), rule]
        return event

    def read(self, topic: str, data: bytes) -> AnyEvent:
        """Make the event of what was packed; today's shapes in one step."""
        decoder = self._decoders.get(topic)
        if decoder is None:
            return self.event(topic, unpacked(data))
        event: AnyEvent = decoder.decode(data)
        return event

    def event(self, topic: str, fields: Row) -> AnyEvent:
        """Make the event that was stored, brought up to today's shape.

        Raises `UnknownTopic` for a topic outside the registry.
        """
        while topic in self._upcasters:
            topic, upcast = self._upcasters[topic]
            fields = upcast(fields)
        kind = self._events.get(topic)
        if kind is None:
            raise UnknownTopic(topic)
        if kind is Merged:
            return _merged(fields)
        event: AnyEvent = msgspec.convert(fields, kind)
        return event


def _merged(fields: Row) -> Merged:
    moment, uid, visitor_id, visitor_version, brought, rule = fields
    return Merged(
        Moment(*moment),
        uid,
        UUID(visitor_id),
        visitor_version,
        contribution_of(brought),
        rule,
    )
