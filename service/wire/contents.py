"""The three objects that a call may carry."""

import msgspec

from domain.attributes import RawJson
from service.wire.objects import Object


class Contents(msgspec.Struct, frozen=True, gc=False):
    """Each as it was written and as it reads."""

    properties: RawJson
    properties_read: Object
    traits: RawJson
    traits_read: Object
    context: RawJson
    context_read: Object
