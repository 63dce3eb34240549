"""The keys of a deployment: made at its first start, shown once, kept as hashes in its store."""

from collections.abc import Mapping

import msgspec

from service.credentials import Credentials, mint_api_token, mint_write_key
from store.archive import Store

DEFAULT_SOURCE = "default"
"""The source of calls that come with the first write key."""

WRITE_KEY, API_TOKEN = "ONEFOLD_WRITE_KEY", "ONEFOLD_API_TOKEN"

_STORED_AS = "credentials"


class Keys(msgspec.Struct, frozen=True):
    """What may be shown at this start; None for a key that is known by its hash alone."""

    write_key: str | None
    api_token: str | None


def credentials_in_force(store: Store, environ: Mapping[str, str]) -> Credentials:
    """Gather the keys that count: the stored ones and, for this run, the environment's."""
    have = _stored(store)
    if environ.get(WRITE_KEY):
        have = have.with_write_key(environ[WRITE_KEY], DEFAULT_SOURCE)
    if environ.get(API_TOKEN):
        have = have.with_api_token(environ[API_TOKEN])
    return have


def issue_keys(store: Store, environ: Mapping[str, str]) -> Keys:
    """Make and store the keys that neither the store nor the environment has."""
    have = _stored(store)
    write_key, api_token = environ.get(WRITE_KEY), environ.get(API_TOKEN)
    if not write_key and not have.write_keys:
        write_key = mint_write_key()
        have = have.with_write_key(write_key, DEFAULT_SOURCE)
    if not api_token and not have.api_tokens:
        api_token = mint_api_token()
        have = have.with_api_token(api_token)
    store.backend.put(_STORED_AS, have.to_json())
    return Keys(write_key or None, api_token or None)


def _stored(store: Store) -> Credentials:
    stored = store.backend.get(_STORED_AS)
    return Credentials({}, frozenset()) if stored is None else Credentials.from_json(stored)
