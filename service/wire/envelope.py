"""The outside of a request: its JSON, the calls in it, and whose write key it carries."""

from typing import Any, TypeVar

import msgspec

from service.limits import Limits
from service.wire.errors import UNDECODABLE, BodyTooLarge, InvalidJson, TooManyCalls
from service.wire.mending import shallow, whole_text

T = TypeVar("T")

BOM = b"\xef\xbb\xbf"
BATCH = "an object with a list `batch` of calls"


class Envelope(msgspec.Struct, rename="camel", gc=False):
    """A batch. `context` lies under the context of each call, `sentAt` counts for each."""

    batch: list[msgspec.Raw]
    context: msgspec.Raw = msgspec.Raw()
    sent_at: Any = None


class _Keyed(msgspec.Struct, rename="camel", gc=False):
    write_key: Any = None
    batch: msgspec.Raw = msgspec.Raw()


_ENVELOPE = msgspec.json.Decoder(Envelope)
_CALL = msgspec.json.Decoder(msgspec.Raw)
_KEYED = msgspec.json.Decoder(_Keyed)
_CALLS = msgspec.json.Decoder(list[_Keyed])


def open_envelope(body: bytes, limits: Limits) -> Envelope:
    """Take a batch apart into its calls, each still as it was sent."""
    envelope = decoded(_ENVELOPE, body, BATCH)
    calls, context = len(envelope.batch), len(envelope.context)
    if calls > limits.calls:
        raise TooManyCalls(calls, limits.calls)
    if context and len(body) + calls * context > limits.body:
        raise BodyTooLarge(limits.body)
    return envelope


def open_call(body: bytes) -> bytes:
    """Take the body of a request with a single call."""
    call = bytes(decoded(_CALL, body, "an object"))
    if not call.startswith(b"{"):
        raise InvalidJson(expected="an object", found="it is another JSON value")
    return call


def write_key_in(body: bytes) -> str | None:
    """Find the write key that a body carries: of the envelope, else of its first call."""
    outer = decoded(_KEYED, body, "an object")
    key = outer.write_key
    if key is None and len(outer.batch):
        calls = decoded(_CALLS, bytes(outer.batch), BATCH)
        key = calls[0].write_key if calls else None
    return key if isinstance(key, str) else None


def decoded(decoder: msgspec.json.Decoder[T], body: bytes, expected: str) -> T:
    """Decode a body, mended only when it cannot be decoded as it is."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise InvalidJson(expected=expected, found=str(error)) from None
    except (*UNDECODABLE, RecursionError):
        return _mended(decoder, body.removeprefix(BOM), expected)


def _mended(decoder: msgspec.json.Decoder[T], body: bytes, expected: str) -> T:
    body = whole_text(body)
    try:
        try:
            return decoder.decode(body)
        except RecursionError:
            return decoder.decode(shallow(body))
    except (*UNDECODABLE, RecursionError) as error:
        raise InvalidJson(expected=expected, found=str(error)) from None
