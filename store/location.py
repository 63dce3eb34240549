"""Where a store is: a file in the data folder, or a PostgreSQL database.

The address of a database may hold a password. It travels by the environment alone, as the master
key does: processes inherit it, and nothing that is kept, shown or logged has it.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from store.errors import BadAddress, DatabaseInUse

VARIABLE = "ONEFOLD_STORE"
SQLITE = "sqlite"
_SCHEMES = ("postgresql://", "postgres://")


def is_postgres(text: str) -> bool:
    """Tell whether a store's name means a PostgreSQL database."""
    return text.startswith(_SCHEMES)


def address_in(environ: Mapping[str, str]) -> str | None:
    """Give the database's address; None for the file. Raises `BadAddress`."""
    text = environ.get(VARIABLE) or SQLITE
    if text == SQLITE:
        return None
    if not is_postgres(text):
        raise BadAddress
    return text


def without_password(text: str) -> str:
    """Write a store's name so that it may be shown; raises `BadAddress`."""
    address = address_in({VARIABLE: text})
    if address is None:
        return SQLITE
    from store.postgres.address import shown  # noqa: PLC0415 - only who has a PostgreSQL pays for it

    return shown(address)


@contextmanager
def only_deployment(
    environ: Mapping[str, str], lost: Callable[[DatabaseInUse], None]
) -> Iterator[None]:
    """Keep a second deployment off the database for as long as the block runs.

    Raises `DatabaseInUse` or `StoreUnreachable`. Calls `lost` should another one have taken the
    database while its server was away. A file needs none of it: its folder has a lock.
    """
    address = address_in(environ)
    if address is None:
        yield
        return
    from store.postgres.lock import DatabaseLock  # noqa: PLC0415 - see above

    lock = DatabaseLock(address, lost)
    try:
        yield
    finally:
        lock.release()


def release_deployment(environ: Mapping[str, str]) -> str | None:
    """Take the database from whoever holds it; tells who it was, None for nobody."""
    address = address_in(environ)
    if address is None:
        return None
    from store.postgres.lock import end_holder  # noqa: PLC0415 - see above

    return end_holder(address)
