"""The tables on PostgreSQL: made and migrated in one explicit, locked step, never by a host."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import Connection, Cursor, sql
from psycopg.rows import TupleRow

from store.errors import NewerSchema, OlderSchema, SchemaMissing, StoreUnreachable, UnfitDatabase
from store.postgres.address import conninfo, shown
from store.postgres.writing import FUNCTION

SCHEMA = "onefold"
"""The PostgreSQL schema that is ours; the database may hold others."""

EVENTS = "events"
MARK = "The log and the tables of Onefold"
OLDEST_SERVER = 130_000
MIGRATION_LOCK = 0x0F01D_0001
PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE")

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        # The columns have the library's names: its own statements read them.
        """CREATE TABLE onefold.events (
            originator_id uuid NOT NULL,
            originator_version bigint NOT NULL,
            topic text NOT NULL,
            state bytea NOT NULL,
            notification_id bigserial,
            PRIMARY KEY (originator_id, originator_version))""",
        "CREATE UNIQUE INDEX events_notification_id_idx ON onefold.events (notification_id)",
        # What is encrypted does not compress: nobody needs to try.
        "ALTER TABLE onefold.events ALTER COLUMN state SET STORAGE EXTERNAL",
        """CREATE TABLE onefold.directory (
            kind text COLLATE "C" NOT NULL,
            value text COLLATE "C" NOT NULL,
            profile_id uuid NOT NULL,
            owner text,
            PRIMARY KEY (kind, value))""",
        "CREATE TABLE onefold.keys (profile_id uuid PRIMARY KEY, wrapped bytea NOT NULL)",
        """CREATE TABLE onefold.snapshots (
            profile_id uuid PRIMARY KEY,
            version bigint NOT NULL,
            state bytea NOT NULL)""",
        "ALTER TABLE onefold.snapshots ALTER COLUMN state SET STORAGE EXTERNAL",
        """CREATE TABLE onefold.books (
            link text COLLATE "C" PRIMARY KEY,
            version bigint NOT NULL,
            book bytea NOT NULL)""",
        """CREATE TABLE onefold.leases (
            name text COLLATE "C" PRIMARY KEY,
            epoch bigint NOT NULL,
            owner text NOT NULL)""",
        # Rewritten by every batch: room beside each row keeps its index as it is.
        """CREATE TABLE onefold.tallies (
            host text COLLATE "C" NOT NULL,
            name text COLLATE "C" NOT NULL,
            count bigint NOT NULL,
            PRIMARY KEY (host, name)) WITH (fillfactor = 25)""",
        'CREATE TABLE onefold.meta (name text COLLATE "C" PRIMARY KEY, value bytea NOT NULL)',
    ),
    (FUNCTION,),
)
"""The statements that lead from each version of the schema to the next."""

VERSION = len(MIGRATIONS)

_MISSING = """
SELECT relname, privilege
FROM pg_class, unnest(CASE relkind WHEN 'S' THEN '{USAGE}' ELSE %s END::text[]) AS privilege
WHERE relnamespace = 'onefold'::regnamespace AND NOT CASE relkind
    WHEN 'r' THEN has_table_privilege(pg_class.oid, privilege)
    WHEN 'S' THEN has_sequence_privilege(pg_class.oid, privilege)
    ELSE true END
ORDER BY relname, privilege
"""


def migrate(address: str) -> tuple[int, int]:
    """Bring a database to this version's schema; gives the versions before and now.

    All of it happens in one transaction under a lock: who comes at the same time waits and finds
    nothing to do. Raises `StoreUnreachable`, `UnfitDatabase` or `NewerSchema`, changing nothing.
    """
    where = shown(address)
    with connected(address) as connection, _allowed(where), connection.cursor() as c:
        c.execute("SELECT pg_advisory_xact_lock(%s)", (MIGRATION_LOCK,))
        found = _found(c, where) or 0
        if found > VERSION:
            raise NewerSchema(where, found, VERSION)
        if found == 0:
            c.execute("CREATE SCHEMA IF NOT EXISTS onefold")
        for statements in MIGRATIONS[found:]:
            for statement in statements:
                c.execute(statement.encode())
        if found < VERSION:
            _mark(c)
    return found, VERSION


def check(connection: Connection[TupleRow], where: str) -> None:
    """Raise unless a database has this version's schema and lets us work in it."""
    with _allowed(where), connection.cursor() as c:
        found = _found(c, where)
        if found is None:
            raise SchemaMissing(where)
        if found > VERSION:
            raise NewerSchema(where, found, VERSION)
        if found < VERSION:
            raise OlderSchema(where, found, VERSION)
        _expect_privileges(c, where)


def connection_to(address: str) -> Connection[TupleRow]:
    """Connect once; raises `StoreUnreachable` with the server's own words."""
    try:
        return psycopg.connect(conninfo(address))
    except psycopg.OperationalError as error:
        raise StoreUnreachable(shown(address), _words(error)) from None


@contextmanager
def connected(address: str) -> Iterator[Connection[TupleRow]]:
    """Connect for one transaction; raises `StoreUnreachable`."""
    with connection_to(address) as connection:
        yield connection


@contextmanager
def _allowed(where: str) -> Iterator[None]:
    """Say that a step was not permitted, or that the server was lost in the middle of it."""
    try:
        yield
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction) as error:
        expected = "a role and a database that let Onefold work in the schema onefold"
        raise UnfitDatabase(where, expected, str(error.diag.message_primary)) from error
    except psycopg.OperationalError as error:
        raise StoreUnreachable(where, _words(error)) from error


def _found(c: Cursor[TupleRow], where: str) -> int | None:
    """Tell which version of the schema is there; None for none at all."""
    server, encoding = _one(
        c, "SELECT current_setting('server_version_num')::int, current_setting('server_encoding')"
    )
    if server < OLDEST_SERVER:
        found = f"version {server // 10_000}"
        raise UnfitDatabase(where, f"PostgreSQL {OLDEST_SERVER // 10_000} or newer", found)
    if encoding != "UTF8":
        raise UnfitDatabase(where, "a database with the encoding UTF8", encoding)
    (tables,) = _one(
        c,
        "SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace('onefold') "
        "AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f')",
    )
    if tables == 0:
        return None
    (mark,) = _one(c, "SELECT obj_description(to_regclass('onefold.meta'), 'pg_class')")
    if mark != MARK:
        expected = "a schema onefold with our tables or with none"
        raise UnfitDatabase(where, expected, f"one with {tables} of another application")
    return int(
        _one(c, "SELECT convert_from(value, 'UTF8') FROM onefold.meta WHERE name = 'schema'")[0]
    )


def _mark(c: Cursor[TupleRow]) -> None:
    c.execute(sql.SQL("COMMENT ON TABLE onefold.meta IS {}").format(sql.Literal(MARK)))
    c.execute(
        "INSERT INTO onefold.meta VALUES ('schema', %s) "
        "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (b"%d" % VERSION,),
    )


def _expect_privileges(c: Cursor[TupleRow], where: str) -> None:
    c.execute(_MISSING, (list(PRIVILEGES),))
    missing = c.fetchall()
    if missing:
        name, privilege = missing[0]
        raise UnfitDatabase(
            where,
            f"{', '.join(PRIVILEGES)} on every table of the schema onefold",
            f"{privilege} on {name} not granted, and {len(missing) - 1} more like it",
        )


def _one(c: Cursor[TupleRow], query: str) -> TupleRow:
    row = c.execute(query.encode()).fetchone()
    assert row is not None
    return row


def _words(error: Exception) -> str:
    return " ".join(str(error).split())
