"""One request's calls becoming commands, one after the other."""

from typing import Any

from domain.commands import AnyCommand, Call, Reject
from domain.errors import DomainError
from domain.instants import Instant
from service.wire.call import SegmentCall, decode_call, message_id_in
from service.wire.commands import MAKERS, TYPES, Common
from service.wire.contents import Contents
from service.wire.errors import CallTooLarge, NoId, UnknownType, Untakeable
from service.wire.ids import message_id, read_id
from service.wire.inbound import Inbound, Rejected
from service.wire.links import link_keys, link_paths
from service.wire.objects import open_object, require_shallow
from service.wire.rules import WireRules
from service.wire.seed import seed_call
from service.wire.shared import Shared
from service.wire.times import read_times

SAMPLE = 1_024
"""Bytes of a rejected call that are kept for whoever wants to know what it was."""


class Reading:
    """Reads the calls of one request; none of them can spoil another."""

    def __init__(
        self, rules: WireRules, source: str, received_at: Instant, shared: Shared | None = None
    ) -> None:
        self._rules = rules
        self._limits = rules.limits
        self._source = source
        self._received_at = received_at
        self._shared = Shared() if shared is None else shared
        self._sent_at = self._shared.sent_at
        self._room = rules.limits.call - self._shared.size
        self._paths = link_paths(rules.links)
        self._commands: list[AnyCommand] = []
        self._rejected: list[Rejected] = []

    def take(self, item: bytes, kind: str | None = None) -> None:
        """Read the next call; `kind` is its type where that is known from elsewhere."""
        try:
            self._commands.append(self._command(item, kind))
        except (Untakeable, DomainError) as error:
            self._reject(item, error.code, str(error))

    def inbound(self) -> Inbound:
        """Give what was read so far."""
        return Inbound(self._commands, self._rejected)

    def _command(self, item: bytes, kind: str | None) -> Call:
        if len(item) > self._room:
            raise CallTooLarge(len(item) + self._shared.size, self._limits.call)
        call = decode_call(item, self._limits.levels)
        named = call.type if kind is None else kind
        make = MAKERS.get(named) if type(named) is str else None
        if call.type is None:
            call, make = seed_call(item, self._limits) or (call, make)
        if make is None:
            raise UnknownType(named, TYPES)
        contents = self._contents(call, item.count(b"{") + item.count(b"["))
        return make(call, contents, self._common(call, contents), self._rules)

    def _contents(self, call: SegmentCall, brackets: int) -> Contents:
        levels = self._limits.levels
        properties, properties_read = open_object("properties", call.properties, levels)
        traits, traits_read = open_object("traits", call.traits, levels)
        context, context_read = open_object("context", call.context, levels)
        if brackets > levels:
            require_shallow("properties", properties_read, levels)
            require_shallow("traits", traits_read, levels)
            require_shallow("context", context_read, levels)
        if self._shared.context_read:
            context, context_read = self._shared.beneath(context_read)
        return Contents(properties, properties_read, traits, traits_read, context, context_read)

    def _common(self, call: SegmentCall, contents: Contents) -> Common:
        poison = self._rules.poison
        uid: Any = read_id("anonymousId", call.anonymous_id, poison)
        cid: Any = read_id("userId", call.user_id, poison)
        if uid is None and cid is None:
            raise NoId(fields="anonymousId or userId")
        sent_at = self._sent_at
        if sent_at is None or call.sent_at is not None:
            sent_at = self._shared.sent_or(call.sent_at)
        occurred_at, original_at = read_times(
            call.timestamp, call.original_timestamp, sent_at, self._received_at
        )
        return {
            "message_id": message_id(call.message_id, self._limits.message_id),
            "occurred_at": occurred_at,
            "received_at": self._received_at,
            "original_at": original_at,
            "sent_at": sent_at,
            "source": self._source,
            "uid": uid,
            "cid": cid,
            "links": link_keys(self._paths, contents, poison),
            "context": contents.context,
        }

    def _reject(self, item: bytes, code: str, message: str) -> None:
        self._rejected.append(Rejected(len(self._commands), code, message))
        self._commands.append(
            Reject(
                message_id=self._any_message_id(item),
                occurred_at=self._received_at,
                received_at=self._received_at,
                source=self._source,
                code=code,
                message=message,
                sample=item[:SAMPLE],
            )
        )

    def _any_message_id(self, item: bytes) -> str:
        try:
            return message_id(message_id_in(item), self._limits.message_id)
        except DomainError:
            return message_id(None, self._limits.message_id)
