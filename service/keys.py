"""The keys of a deployment: made at its first start, shown once, kept as hashes in its store."""

from collections.abc import Mapping

import msgspec

from domain.instants import Instant
from service.credentials import Credentials, mint_api_token, mint_write_key
from service.sources import Source
from store.archive import Store

DEFAULT_SOURCE = "default"
"""The source of calls that come with the first write key, or with the environment's."""

WRITE_KEY, API_TOKEN = "ONEFOLD_WRITE_KEY", "ONEFOLD_API_TOKEN"

_STORED_AS = "credentials"


class Keys(msgspec.Struct, frozen=True):
    """What may be shown at this start; None for a key that is known by its hash alone."""

    write_key: str | None
    api_token: str | None


def credentials_in_force(store: Store, environ: Mapping[str, str]) -> Credentials:
    """Gather the keys that count: the stored ones and, for this run, the environment's."""
    have = stored_credentials(store)
    if environ.get(WRITE_KEY):
        have = have.with_write_key(environ[WRITE_KEY], DEFAULT_SOURCE)
    if environ.get(API_TOKEN):
        have = have.with_api_token(environ[API_TOKEN])
    return have


def issue_keys(store: Store, environ: Mapping[str, str], now: Instant | None = None) -> Keys:
    """Make and store the keys that neither the store nor the environment has.

    To be called under `store.folder.changing`.
    """
    before = have = stored_credentials(store)
    write_key, api_token = environ.get(WRITE_KEY), environ.get(API_TOKEN)
    if have.source(DEFAULT_SOURCE) is None and not have.write_keys:
        have = have.with_source(Source(name=DEFAULT_SOURCE, made_at=now))
    if not write_key and not have.write_keys:
        write_key = mint_write_key()
        have = have.with_write_key(write_key, DEFAULT_SOURCE)
    if not api_token and not have.api_tokens:
        api_token = mint_api_token()
        have = have.with_api_token(api_token)
    if have != before:
        keep_credentials(store, have)
    return Keys(write_key or None, api_token or None)


def stored_credentials(store: Store) -> Credentials:
    """Read the keys and sources of a deployment."""
    stored = store.backend.get(_STORED_AS)
    return Credentials({}, frozenset()) if stored is None else Credentials.from_json(stored)


def keep_credentials(store: Store, credentials: Credentials) -> None:
    """Store the keys and sources of a deployment; gateways take them over by themselves."""
    store.backend.put(_STORED_AS, credentials.to_json())
