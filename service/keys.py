"""The keys of a deployment: made at its first start, shown once, kept as hashes in its store."""

from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec

from domain.instants import Instant
from service.credentials import Credentials, mint_api_token, mint_write_key
from service.sources import Source
from store.archive import Store

DEFAULT_SOURCE = "default"
"""The source of calls that come with the first write key, or with the environment's."""

WRITE_KEY, API_TOKEN = "ONEFOLD_WRITE_KEY", "ONEFOLD_API_TOKEN"

_STORED_AS = "credentials"

Answer = TypeVar("Answer")


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
    """Make and store the keys that neither the store nor the environment has."""
    write_key, api_token = environ.get(WRITE_KEY), environ.get(API_TOKEN)

    def issued(have: Credentials) -> tuple[Credentials, Keys]:
        shown, token = write_key, api_token
        if have.source(DEFAULT_SOURCE) is None and not have.write_keys:
            have = have.with_source(Source(name=DEFAULT_SOURCE, made_at=now))
        if not shown and not have.write_keys:
            shown = mint_write_key()
            have = have.with_write_key(shown, DEFAULT_SOURCE)
        if not token and not have.api_tokens:
            token = mint_api_token()
            have = have.with_api_token(token)
        return have, Keys(shown or None, token or None)

    return change_credentials(store, issued)


def stored_credentials(store: Store) -> Credentials:
    """Read the keys and sources of a deployment."""
    return _read(store.backend.get(_STORED_AS))


def change_credentials(
    store: Store, change: Callable[[Credentials], tuple[Credentials, Answer]]
) -> Answer:
    """Change what is stored, whoever else does so too, on whichever machine.

    `change` gives the new credentials and an answer; it is asked again when somebody else was
    first. Nothing is stored when it raises. Gateways take the change over by themselves.
    """
    while True:
        stored = store.backend.get(_STORED_AS)
        have = _read(stored)
        wanted, answer = change(have)
        if wanted == have or store.backend.swap(_STORED_AS, stored, wanted.to_json()):
            return answer


def _read(stored: bytes | None) -> Credentials:
    return Credentials({}, frozenset()) if stored is None else Credentials.from_json(stored)
