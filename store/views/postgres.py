"""Views in a schema of their own in the log's database, the same for every node of a cluster."""

from collections.abc import Mapping
from typing import Any

import psycopg
from sqlalchemy import Engine, ExceptionContext, create_engine, event, text

from store.postgres.address import conninfo, shown
from store.views.errors import ViewsMissing, ViewsUnavailable
from store.views.schema import METADATA

SCHEMA = "onefold_views"

CREATION_LOCK = 0x0F01D_0003

CONNECTIONS = 40
"""At most so many at once for each process; threads of a gateway ask one each."""

_SESSION = """
SELECT set_config('search_path', %s, false),
    set_config('lock_timeout', '10s', false),
    set_config('idle_in_transaction_session_timeout', '120s', false),
    set_config('synchronous_commit', 'off', false)
"""
"""Not waiting for the disk is enough: after a power cut rows and position are those of one moment,
and the log has more. A writer that froze is ended, for others wait for its locks."""

_GONE = ("3F000", "42P01")
"""No such schema, no such table."""

_NOT_THE_ROWS = ("08", "25006", "40", "42501", "53", "55P03", "57", "58")
"""How the codes begin of what no row is to blame for: connections, read-only servers, deadlocks,
privileges, room, locks, operators at work and failing disks."""


class ViewSchema:
    """The schema of ours in the database of that address."""

    reading: Mapping[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}

    def __init__(self, address: str) -> None:
        self.name = f"{SCHEMA} in {shown(address)}"
        self._engine = create_engine(
            "postgresql+psycopg://",
            creator=lambda: _connected(address),
            pool_pre_ping=True,
            max_overflow=CONNECTIONS - 5,
        )
        event.listen(self._engine, "handle_error", self._explained)

    def create(self) -> bool:
        """See `Home.create`: one of those who come at once makes it, the others wait."""
        with self._engine.begin() as connection:
            if connection.scalar(_IS_THERE):
                return False
            connection.execute(_ALONE)
            if connection.scalar(_IS_THERE):
                return False
            if not connection.scalar(_HAS_SCHEMA):
                connection.execute(text(f"CREATE SCHEMA {SCHEMA}"))
            METADATA.create_all(connection)
        return True

    def engine(self) -> Engine:
        """See `Home.engine`; what is missing is found out by asking."""
        return self._engine

    def close(self) -> None:
        """See `Home.close`."""
        self._engine.dispose()

    def _explained(self, context: ExceptionContext) -> None:
        """Raise in our words what the rows are not to blame for."""
        error = context.original_exception
        code = getattr(error, "sqlstate", None)
        if code in _GONE:
            raise ViewsMissing(self.name) from error
        is_lost = code is None and isinstance(error, psycopg.OperationalError)
        if is_lost or (code or "").startswith(_NOT_THE_ROWS):
            why = " ".join(str(error).split())
            raise ViewsUnavailable(f"The views in {self.name} cannot be used: {why}") from error


# Of the catalogue's rows: its functions answer from a memory that may be older than the lock.
_IS_THERE = text(
    "SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = :schema AND tablename = 'views')"
).bindparams(schema=SCHEMA)
_HAS_SCHEMA = text("SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = :schema)").bindparams(
    schema=SCHEMA
)

# What is made once is on the disk when we say so.
_ALONE = text(
    f"SELECT set_config('synchronous_commit', 'on', true), pg_advisory_xact_lock({CREATION_LOCK})"
)


def _connected(address: str) -> psycopg.Connection[Any]:
    connection = psycopg.connect(conninfo(address))
    try:
        connection.execute(_SESSION, (SCHEMA,))
        connection.commit()
    except BaseException:
        connection.close()
        raise
    return connection
