"""Who may send calls and who may read: write keys and API tokens, known by their hashes."""

import hashlib
import hmac
import secrets

import msgspec

WRITE_KEY_PREFIX = "wk_"
API_TOKEN_PREFIX = "at_"  # noqa: S105 - how a token starts is no secret


class Credentials(msgspec.Struct, frozen=True):
    """SHA-256 of each write key -> its source, and SHA-256 of each API token."""

    write_keys: dict[str, str]
    api_tokens: frozenset[str]

    def source_of(self, write_key: str) -> str | None:
        """Give the source that a write key stands for; None when nobody was given it.

        What is looked up is a hash: the time it takes says nothing about the key.
        """
        return self.write_keys.get(hashed(write_key))

    def allows(self, api_token: str) -> bool:
        """Tell whether a token may read; takes as long for a near miss as for a far one."""
        digest = hashed(api_token)
        return any([hmac.compare_digest(digest, known) for known in self.api_tokens])  # noqa: C419 - all are compared

    def with_write_key(self, write_key: str, source: str) -> "Credentials":
        """Add a write key."""
        return Credentials({**self.write_keys, hashed(write_key): source}, self.api_tokens)

    def with_api_token(self, api_token: str) -> "Credentials":
        """Add an API token."""
        return Credentials(self.write_keys, self.api_tokens | {hashed(api_token)})

    def to_json(self) -> bytes:
        """Write them down, hashes only."""
        return msgspec.json.encode(self)

    @staticmethod
    def from_json(stored: bytes) -> "Credentials":
        """Read what `to_json` wrote."""
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
