"""Events to rows and back: name, pack, compress, seal (the library's Mapper made private)."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
import zstandard
from eventsourcing.persistence import Mapper, StoredEvent, Transcoder

from domain.draft import Recorded
from domain.events import AnyEvent
from store.backend import Sealed
from store.keyring import ProfileCipher
from store.packing import packed, unpacked
from store.topics import Topics

SMALL = 1_024
"""Bytes below which compression costs more than it saves (decision 0007)."""

_PLAIN, _ZSTD = b"\x00", b"\x01"


class NoTranscoder(Transcoder):
    """Stands where the library wants a transcoder; our events name and pack themselves."""

    def encode(self, obj: Any) -> bytes:
        """Do nothing that anybody could rely on."""
        raise TypeError(f"Expected ProfileMapper to pack {type(obj).__name__} itself")

    def decode(self, data: bytes) -> Any:
        """Do nothing that anybody could rely on."""
        raise TypeError(f"Expected ProfileMapper to unpack {len(data)} bytes itself")


class ProfileMapper(Mapper[UUID]):
    """Maps events under each profile's own key.

    `cipher_of` finds the key of a profile; it raises `KeyMissing` when the profile was erased.
    """

    def __init__(self, cipher_of: Callable[[UUID], ProfileCipher], topics: Topics) -> None:
        super().__init__(transcoder=NoTranscoder())
        self._cipher_of = cipher_of
        self._topics = topics
        self._zstd = zstandard.ZstdCompressor(level=1)
        self._unzstd = zstandard.ZstdDecompressor()

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        """Make the row of a `Recorded` event."""
        return StoredEvent(*msgspec.structs.astuple(self.sealed(domain_event)))

    def sealed(self, recorded: Recorded) -> Sealed:
        """Make the row of an event, for `Write`."""
        event, profile_id, version = recorded.event, recorded.profile_id, recorded.version
        topic = self._topics.topics[type(event)]
        text = self.pack(self._topics.fields(event))
        box = self._cipher_of(profile_id).seal(version, topic, text)
        return Sealed(profile_id, version, topic, box)

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        """Make the `Recorded` event of a row."""
        profile_id = stored_event.originator_id
        assert isinstance(profile_id, UUID)
        version, topic = stored_event.originator_version, stored_event.topic
        return self.opened(profile_id, version, topic, stored_event.state)

    def opened(self, profile_id: UUID, version: int, topic: str, state: bytes) -> Recorded:
        """Open one stored event."""
        return self.opened_with(self._cipher_of(profile_id), version, topic, state)

    def opened_with(
        self, cipher: ProfileCipher, version: int, topic: str, state: bytes
    ) -> Recorded:
        """Open one stored event of a profile whose cipher is at hand."""
        data = self._inflated(cipher.open(version, topic, state))
        return Recorded(cipher.profile_id, version, self._topics.read(topic, data))

    def topic(self, event: AnyEvent) -> str:
        """Name an event as the log does."""
        return self._topics.topics[type(event)]

    def pack(self, value: object) -> bytes:
        """Pack positionally; a byte in front tells whether it is compressed."""
        data = packed(value)
        if len(data) < SMALL:
            return _PLAIN + data
        smaller = self._zstd.compress(data)
        return _ZSTD + smaller if len(smaller) < len(data) else _PLAIN + data

    def unpack(self, text: bytes) -> Any:
        """Undo `pack`."""
        return unpacked(self._inflated(text))

    def _inflated(self, text: bytes) -> bytes:
        data = text[1:]
        return self._unzstd.decompress(data) if text[:1] == _ZSTD else data
