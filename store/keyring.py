"""Who can read what: one data key per profile, wrapped by the master key (design D8)."""

import os
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from store.errors import Tampered, WrongMasterKey

KEY_SIZE = 32
NONCE_SIZE = 12
NONCES_DRAWN = 512

_CHECK = b"onefold master key check"


class Nonces:
    """Random nonces, drawn from the system a few hundred at a time: each is used once."""

    def __init__(self) -> None:
        self._drawn: list[bytes] = []

    def next(self) -> bytes:
        """Give a nonce that was never given before."""
        if not self._drawn:
            pool = os.urandom(NONCE_SIZE * NONCES_DRAWN)
            self._drawn = [pool[at : at + NONCE_SIZE] for at in range(0, len(pool), NONCE_SIZE)]
        return self._drawn.pop()


class ProfileCipher:
    """Seals and opens what belongs to one profile: AES-256-GCM, 12 random bytes as nonce.

    Every box is bound to its place (profile, version, topic): moved or altered, it stays shut.
    """

    def __init__(self, profile_id: UUID, key: bytes, nonces: Nonces | None = None) -> None:
        self.profile_id = profile_id
        self._nonces = nonces or Nonces()
        self._aead = AESGCM(key)
        self._prefix = profile_id.bytes

    def seal(self, version: int, topic: str, text: bytes) -> bytes:
        """Encrypt; the nonce goes in front."""
        nonce = self._nonces.next()
        return nonce + self._aead.encrypt(nonce, text, self._place(version, topic))

    def open(self, version: int, topic: str, box: bytes) -> bytes:
        """Decrypt; raises `Tampered` for anything that was not sealed for this place."""
        try:
            return self._aead.decrypt(
                box[:NONCE_SIZE], box[NONCE_SIZE:], self._place(version, topic)
            )
        except (InvalidTag, ValueError) as error:
            raise Tampered(self.profile_id, version, topic) from error

    def _place(self, version: int, topic: str) -> bytes:
        return self._prefix + f"|{version}|{topic}".encode()


class Keyring:
    """The master key at work: makes data keys, wraps them, unwraps them."""

    def __init__(self, master: bytes) -> None:
        self._aead = AESGCM(master)
        self._nonces = Nonces()

    def new_key(self, profile_id: UUID) -> tuple[ProfileCipher, bytes]:
        """Make a data key: the cipher to use it, and the wrapped form to store."""
        key = AESGCM.generate_key(KEY_SIZE * 8)
        return ProfileCipher(profile_id, key, self._nonces), self._wrap(key, profile_id.bytes)

    def unwrap(self, profile_id: UUID, wrapped: bytes) -> ProfileCipher:
        """Open a wrapped data key."""
        try:
            key = self._aead.decrypt(wrapped[:NONCE_SIZE], wrapped[NONCE_SIZE:], profile_id.bytes)
        except (InvalidTag, ValueError) as error:
            raise Tampered(profile_id, 0, "key") from error
        return ProfileCipher(profile_id, key, self._nonces)

    def proof(self) -> bytes:
        """Make what a store keeps to recognise its master key."""
        return self._wrap(_CHECK, _CHECK)

    def check(self, proof: bytes, origin: str) -> None:
        """Raise `WrongMasterKey` unless this key made the proof."""
        try:
            self._aead.decrypt(proof[:NONCE_SIZE], proof[NONCE_SIZE:], _CHECK)
        except (InvalidTag, ValueError):
            raise WrongMasterKey(origin) from None

    def _wrap(self, text: bytes, place: bytes) -> bytes:
        nonce = self._nonces.next()
        return nonce + self._aead.encrypt(nonce, text, place)
