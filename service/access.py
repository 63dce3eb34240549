"""The credentials as they change while a gateway serves."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

import structlog

from service.credentials import Credentials
from service.sources import Source
from store.errors import StoreError

PERIOD = 1.0
"""Seconds after which a gateway looks whether the credentials have changed."""

log = structlog.get_logger()


class Access:
    """Answers from the credentials it was given last; a request never waits for the store."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def renew(self, credentials: Credentials) -> None:
        """Answer from these from now on."""
        if credentials != self._credentials:
            self._credentials = credentials
            log.info("the credentials have changed", sources=len(credentials.all_sources()))

    def find(self, write_key: str) -> Source | None:
        """See `Credentials.find`."""
        return self._credentials.find(write_key)

    def source_of(self, write_key: str) -> str | None:
        """See `Credentials.source_of`."""
        return self._credentials.source_of(write_key)

    def allows(self, api_token: str) -> bool:
        """See `Credentials.allows`."""
        return self._credentials.allows(api_token)


@contextmanager
def followed(read: Callable[[], Credentials], period: float = PERIOD) -> Iterator[Access]:
    """Give access by the credentials that `read` gives, read again each `period` of seconds.

    When they cannot be read, those read last stay in force: the store's troubles lock nobody out.
    """
    access, stopped = Access(read()), Event()

    def follow() -> None:
        while not stopped.wait(period):
            try:
                access.renew(read())
            except StoreError as error:
                log.warning("the credentials could not be read", why=str(error))

    thread = Thread(target=follow, name="credentials", daemon=True)
    thread.start()
    try:
        yield access
    finally:
        stopped.set()
        thread.join()
