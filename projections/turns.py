"""Taking turns: two folds that read what they change must not do so at the same time."""

from collections.abc import Iterable
from zlib import crc32

from sqlalchemy import Connection, text

BUCKETS = 256
"""Names share this many locks, for a database's room for locks is limited."""

SPACE = 0x0F01E
"""Our locks among all others of the database; the deployment has its own in 0x0F01D."""

_HOLD = text(
    "SELECT pg_advisory_xact_lock(:space, bucket) "
    "FROM unnest(CAST(:buckets AS integer[])) AS bucket"
)


def hold(connection: Connection, names: Iterable[str]) -> None:
    """Keep others off these names until the transaction ends.

    SQLite lets only one transaction write anyhow. All locks are taken in one order.
    """
    if connection.dialect.name != "postgresql":
        return
    buckets = sorted({crc32(name.encode()) % BUCKETS for name in names})
    connection.execute(_HOLD, {"space": SPACE, "buckets": buckets})
