"""Who may send calls and who may read: write keys and API tokens, known by their hashes."""

import hashlib
import hmac
import secrets
from typing import Protocol

import msgspec

from service.sources import Source

WRITE_KEY_PREFIX = "wk_"
API_TOKEN_PREFIX = "at_"  # noqa: S105 - how a token starts is no secret


class Admission(Protocol):
    """Tells who may send and who may read: `Credentials` once for all, `Access` as they change."""

    def find(self, write_key: str, /) -> Source | None:
        """Give the source that a write key belongs to; None when nobody was given it."""

    def source_of(self, write_key: str, /) -> str | None:
        """Give the name of that source."""

    def allows(self, api_token: str, /) -> bool:
        """Tell whether a token may read."""


class Credentials(msgspec.Struct, frozen=True):
    """SHA-256 of each write key -> its source, SHA-256 of each API token, sources by name.

    Version 0.1.0 kept no sources: a name that only a write key knows is an enabled one.
    """

    write_keys: dict[str, str]
    api_tokens: frozenset[str]
    sources: dict[str, Source] = {}

    def find(self, write_key: str) -> Source | None:
        """Give the source that a write key belongs to; None when nobody was given it.

        What is looked up is a hash: the time it takes says nothing about the key.
        """
        name = self.write_keys.get(hashed(write_key))
        return None if name is None else self.source(name)

    def source_of(self, write_key: str) -> str | None:
        """Give the name of the source that a write key belongs to."""
        return self.write_keys.get(hashed(write_key))

    def source(self, name: str) -> Source | None:
        """Give a source; None when there is none of that name."""
        known = self.sources.get(name)
        if known is None and name in self.write_keys.values():
            return Source(name=name)
        return known

    def all_sources(self) -> list[Source]:
        """List every source, by name."""
        names = sorted({*self.sources, *self.write_keys.values()})
        return [self.sources.get(name) or Source(name=name) for name in names]

    def keys_of(self, name: str) -> list[str]:
        """List the hashes of a source's write keys."""
        return sorted(digest for digest, source in self.write_keys.items() if source == name)

    def allows(self, api_token: str) -> bool:
        """Tell whether a token may read; takes as long for a near miss as for a far one."""
        digest = hashed(api_token)
        return any([hmac.compare_digest(digest, known) for known in self.api_tokens])  # noqa: C419 - all are compared

    def with_source(self, source: Source) -> "Credentials":
        """Add a source, or replace the one of its name."""
        sources = {**self.sources, source.name: source}
        return msgspec.structs.replace(self, sources=sources)

    def with_write_key(self, write_key: str, source: str) -> "Credentials":
        """Add a write key."""
        write_keys = {**self.write_keys, hashed(write_key): source}
        return msgspec.structs.replace(self, write_keys=write_keys)

    def without_write_key(self, digest: str) -> "Credentials":
        """Take a write key away, named by its hash."""
        write_keys = {have: source for have, source in self.write_keys.items() if have != digest}
        return msgspec.structs.replace(self, write_keys=write_keys)

    def with_api_token(self, api_token: str) -> "Credentials":
        """Add an API token."""
        return msgspec.structs.replace(self, api_tokens=self.api_tokens | {hashed(api_token)})

    def to_json(self) -> bytes:
        """Write them down, hashes only."""
        return msgspec.json.encode(self)

    @staticmethod
    def from_json(stored: bytes) -> "Credentials":
        """Read what `to_json` wrote, here or in version 0.1.0."""
        return msgspec.json.decode(stored, type=Credentials)


def mint_write_key() -> str:
    """Make a write key."""
    return WRITE_KEY_PREFIX + secrets.token_urlsafe(24)


def mint_api_token() -> str:
    """Make an API token."""
    return API_TOKEN_PREFIX + secrets.token_urlsafe(32)


def hashed(secret: str) -> str:
    """Give what is kept of a key: it is long and random, so a plain SHA-256 is enough."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
