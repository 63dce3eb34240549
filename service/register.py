"""The register of sources: adds them, switches them off and on, gives them keys.

It is a value in the store. Gateways look for a new one each second, so every change here works
while they serve.
"""

from collections.abc import Callable, Mapping

import msgspec

from domain.draft import RECEIVED, REJECTED
from domain.instants import Instant, rfc3339
from service.credentials import Credentials, hashed, mint_write_key
from service.keys import change_credentials, stored_credentials
from service.sources import (
    NAME,
    BadSourceName,
    Kind,
    Source,
    SourceExists,
    UnknownKey,
    UnknownSource,
)
from store.archive import Store

SHOWN = 8
"""Characters of a key's hash by which people tell keys apart."""


class SourceShown(msgspec.Struct, frozen=True, kw_only=True):
    """A source as people see it; `keys` are the starts of the hashes of its write keys.

    `received` counts its calls that were new, those `rejected` among them.
    """

    name: str
    kind: str
    enabled: bool
    made_at: str | None
    keys: list[str]
    received: int
    rejected: int


class Register:
    """The sources of a deployment."""

    def __init__(self, store: Store, now: Callable[[], Instant]) -> None:
        self._store = store
        self._now = now

    def listed(self) -> list[SourceShown]:
        """List every source, by name."""
        have, counted = stored_credentials(self._store), self._store.backend.tallies()
        return [_shown(source, have, counted) for source in have.all_sources()]

    def add(self, name: str, kind: Kind) -> str:
        """Make a source and give its first write key.

        Raises `BadSourceName` or `SourceExists`.
        """
        if NAME.fullmatch(name) is None:
            raise BadSourceName(name)
        made, key = Source(name=name, kind=kind, made_at=self._now()), mint_write_key()

        def added(have: Credentials) -> tuple[Credentials, str]:
            if have.source(name) is not None:
                raise SourceExists(name)
            return have.with_source(made).with_write_key(key, name), key

        return change_credentials(self._store, added)

    def switch(self, name: str, *, is_enabled: bool) -> None:
        """Enable or disable a source; raises `UnknownSource`."""

        def switched(have: Credentials) -> tuple[Credentials, None]:
            source = msgspec.structs.replace(_known(have, name), is_enabled=is_enabled)
            return have.with_source(source), None

        change_credentials(self._store, switched)

    def new_key(self, name: str) -> str:
        """Give a source one more write key; raises `UnknownSource`."""
        key = mint_write_key()

        def given(have: Credentials) -> tuple[Credentials, str]:
            return have.with_source(_known(have, name)).with_write_key(key, name), key

        return change_credentials(self._store, given)

    def revoke(self, name: str, key: str) -> str:
        """Take a write key from a source, named by itself or by the start of its hash.

        Gives the start of its hash. Raises `UnknownSource` or `UnknownKey`.
        """

        def revoked(have: Credentials) -> tuple[Credentials, str]:
            source, digest = _known(have, name), _digest(have, name, key)
            return have.with_source(source).without_write_key(digest), digest[:SHOWN]

        return change_credentials(self._store, revoked)


def _known(have: Credentials, name: str) -> Source:
    source = have.source(name)
    if source is None:
        raise UnknownSource(name, [each.name for each in have.all_sources()])
    return source


def _digest(have: Credentials, name: str, key: str) -> str:
    """Find the hash of the one key that is meant."""
    whole = hashed(key)
    found = [
        digest
        for digest in have.keys_of(name)
        if digest == whole or (len(key) >= SHOWN and digest.startswith(key))
    ]
    if len(found) != 1:
        raise UnknownKey(name, key, len(found))
    return found[0]


def _shown(source: Source, have: Credentials, counted: Mapping[str, int]) -> SourceShown:
    return SourceShown(
        name=source.name,
        kind=source.kind,
        enabled=source.is_enabled,
        made_at=None if source.made_at is None else rfc3339(source.made_at),
        keys=[digest[:SHOWN] for digest in have.keys_of(source.name)],
        received=counted.get(RECEIVED + source.name, 0),
        rejected=counted.get(REJECTED + source.name, 0),
    )
