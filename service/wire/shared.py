"""What a batch says once for all of its calls: a context and the time of sending."""

import msgspec

from domain.attributes import RawJson
from domain.errors import DomainError
from domain.instants import Instant
from service.limits import Limits
from service.wire.envelope import Envelope
from service.wire.errors import InvalidJson, Untakeable
from service.wire.objects import NOTHING, Object, merged, open_object, require_shallow
from service.wire.times import read_instant


class Shared(msgspec.Struct, frozen=True):
    """The envelope's share in each call; a bad `sent` is held against each call on its own."""

    context: RawJson = NOTHING[0]
    context_read: Object = NOTHING[1]
    sent: object = None
    sent_at: Instant | None = None

    @property
    def size(self) -> int:
        """Bytes that each call gains."""
        return len(self.context) if self.context_read else 0

    def beneath(self, context_read: Object) -> tuple[RawJson, Object]:
        """Lay the batch's context, if it has one, under a call's own."""
        if not context_read:
            return self.context, self.context_read
        both = merged(self.context_read, context_read)
        return msgspec.json.encode(both), both

    def sent_or(self, own: object) -> Instant | None:
        """Tell when a call was sent: by its own word, else by the batch's."""
        said = self.sent if own is None else own
        return None if said is None else read_instant(said)


def shared_by(envelope: Envelope, limits: Limits) -> Shared:
    """Read what a batch says for all of its calls."""
    try:
        context, context_read = open_object("context", envelope.context, limits.levels)
        require_shallow("context", context_read, limits.levels)
    except Untakeable as error:
        raise InvalidJson(expected="a batch with a readable context", found=str(error)) from None
    shared = Shared(context, context_read, envelope.sent_at)
    try:
        return msgspec.structs.replace(shared, sent_at=shared.sent_or(None))
    except (DomainError, Untakeable):
        return shared
