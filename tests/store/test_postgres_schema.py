"""One explicit step makes the tables; everybody else says clearly what is not as it should be."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import psycopg
import pytest

from scripts.postgres import Postgres
from store.errors import (
    NewerSchema,
    OlderSchema,
    SchemaMissing,
    StoreError,
    StoreMissing,
    StoreUnreachable,
    UnfitDatabase,
    WrongMasterKey,
)
from store.folder import open_store, prepare
from store.location import VARIABLE
from store.master_key import FILE
from store.postgres import PostgresBackend, migrate
from store.postgres.schema import VERSION
from tests.controls.databases import fresh_database


@pytest.fixture
def empty(postgres_server: Postgres) -> Iterator[str]:
    """The address of a database with nothing in it."""
    with fresh_database(postgres_server, template="template1") as name:
        yield postgres_server.address(name)


@pytest.fixture
def address(postgres_server: Postgres) -> Iterator[str]:
    """The address of a database with the tables in it."""
    with fresh_database(postgres_server) as name:
        yield postgres_server.address(name)


def run(address: str, *statements: str) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def tables(address: str) -> set[str]:
    with psycopg.connect(address) as connection:
        found = connection.execute(
            "SELECT relname FROM pg_class JOIN pg_namespace n "
            "ON n.oid = relnamespace WHERE nspname = 'onefold' AND relkind = 'r'"
        )
        return {name for (name,) in found}


def check(address: str) -> None:
    backend = PostgresBackend(address)
    try:
        backend.check()
    finally:
        backend.close()


class TestMigrating:
    def test_it_makes_the_tables_and_can_be_repeated(self, empty: str) -> None:
        assert migrate(empty) == (0, VERSION)
        check(empty)
        assert migrate(empty) == (VERSION, VERSION)

    def test_many_at_once_are_harmless(self, empty: str) -> None:
        barrier = Barrier(8)

        def one(_: int) -> tuple[int, int]:
            barrier.wait()
            return migrate(empty)

        with ThreadPoolExecutor(8) as pool:
            done = sorted(pool.map(one, range(8)))
        assert done == [(0, VERSION), *[(VERSION, VERSION)] * 7]
        check(empty)

    def test_what_fails_in_the_middle_leaves_nothing(
        self, empty: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        broken = (("CREATE TABLE onefold.meta (name text)", "SELECT 1 / 0"),)
        monkeypatch.setattr("store.postgres.schema.MIGRATIONS", broken)
        with pytest.raises(psycopg.errors.DivisionByZero):
            migrate(empty)
        monkeypatch.undo()
        assert tables(empty) == set()
        assert migrate(empty) == (0, VERSION)

    def test_an_older_store_is_brought_forward(
        self, address: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run(address, "INSERT INTO onefold.meta VALUES ('salt', 'value')")
        from store.postgres import schema  # noqa: PLC0415 - the module, whose numbers are changed

        later = (*schema.MIGRATIONS, ("CREATE TABLE onefold.later (id int)",))
        monkeypatch.setattr(schema, "MIGRATIONS", later)
        monkeypatch.setattr(schema, "VERSION", VERSION + 1)
        with pytest.raises(OlderSchema, match="stop the older one, then `onefold store migrate`"):
            check(address)
        assert migrate(address) == (VERSION, VERSION + 1)
        check(address)
        assert "later" in tables(address)
        with psycopg.connect(address) as connection:
            kept = connection.execute("SELECT value FROM onefold.meta WHERE name = 'salt'")
            assert kept.fetchone() == (b"value",)

    def test_an_empty_schema_that_somebody_prepared_is_used(self, empty: str) -> None:
        run(empty, "CREATE SCHEMA onefold")
        assert migrate(empty) == (0, VERSION)

    def test_other_schemas_are_left_alone(self, empty: str) -> None:
        run(empty, "CREATE TABLE public.events (id int)", "INSERT INTO public.events VALUES (7)")
        migrate(empty)
        with psycopg.connect(empty) as connection:
            assert connection.execute("TABLE public.events").fetchall() == [(7,)]


class TestRefusals:
    """Each says what was expected, where, and what is there; and changes nothing."""

    def test_tables_that_nobody_made(self, empty: str, tmp_path: Path) -> None:
        for opened in (prepare, open_store):
            with pytest.raises(SchemaMissing, match="`onefold store migrate` makes them"):
                opened(tmp_path, {VARIABLE: empty})
        assert tables(empty) == set()
        assert not (tmp_path / FILE).exists()

    def test_tables_of_a_newer_onefold(self, address: str) -> None:
        run(address, "UPDATE onefold.meta SET value = '99' WHERE name = 'schema'")
        for refused in (check, migrate):
            with pytest.raises(NewerSchema, match="start it with the newer version") as caught:
                refused(address)
            assert (caught.value.found, caught.value.known) == (99, VERSION)

    @pytest.mark.parametrize(
        "table", ["meta (name text, value bytea)", "events (id int)", "customers (id int)"]
    )
    def test_tables_of_another_application(self, empty: str, table: str) -> None:
        run(empty, "CREATE SCHEMA onefold", f"CREATE TABLE onefold.{table}")
        before = tables(empty)
        for refused in (check, migrate):
            with pytest.raises(UnfitDatabase, match="found one with 1 of another application"):
                refused(empty)
        assert tables(empty) == before

    def test_an_encoding_that_cannot_hold_every_name(self, postgres_server: Postgres) -> None:
        postgres_server.execute(
            "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'"
        )
        with pytest.raises(UnfitDatabase, match=r"the encoding UTF8 in .*, found LATIN1"):
            migrate(postgres_server.address("latin"))
        postgres_server.execute("DROP DATABASE latin")

    def test_a_role_that_may_not_make_tables(self, empty: str) -> None:
        run(empty, "DROP ROLE IF EXISTS reader", "CREATE ROLE reader LOGIN")
        with pytest.raises(UnfitDatabase, match="found permission denied for database"):
            migrate(empty.replace("postgres@", "reader@"))

    @pytest.mark.parametrize(
        ("granted", "found"),
        [
            ((), "permission denied for schema onefold"),
            (("GRANT USAGE ON SCHEMA onefold TO worker",), "permission denied for table meta"),
            (
                (
                    "GRANT USAGE ON SCHEMA onefold TO worker",
                    "GRANT SELECT ON ALL TABLES IN SCHEMA onefold TO worker",
                ),
                "DELETE on books not granted, and 2[0-9] more like it",
            ),
        ],
    )
    def test_a_role_that_may_not_write(
        self, address: str, granted: tuple[str, ...], found: str
    ) -> None:
        run(address, "DROP ROLE IF EXISTS worker", "CREATE ROLE worker LOGIN", *granted)
        with pytest.raises(UnfitDatabase, match=found):
            check(address.replace("postgres@", "worker@"))

    def test_a_role_with_just_enough_rights_works(self, address: str) -> None:
        run(
            address,
            "DROP ROLE IF EXISTS hand",
            "CREATE ROLE hand LOGIN",
            "GRANT USAGE ON SCHEMA onefold TO hand",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA onefold TO hand",
            "GRANT USAGE ON ALL SEQUENCES IN SCHEMA onefold TO hand",
        )
        backend = PostgresBackend(address.replace("postgres@", "hand@"))
        backend.check()
        backend.close()

    def test_a_database_that_may_only_be_read(self, empty: str) -> None:
        name = psycopg.conninfo.conninfo_to_dict(empty)["dbname"]
        run(empty, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        with pytest.raises(UnfitDatabase, match=r"cannot execute .* in a read-only transaction"):
            migrate(empty)


class TestWrongAddresses:
    @pytest.mark.parametrize(
        ("old", "new", "found"),
        [
            ("/test", "/untested", 'database "untested_[0-9]+" does not exist'),
            ("postgres@", "nobody_here@", 'role "nobody_here" does not exist'),
            ("?host=", "?host=/nowhere", "No such file or directory"),
            ("postgres@", "secretive:swordfish@", "password authentication failed"),
        ],
    )
    def test_the_server_is_quoted_and_the_password_is_not(
        self, postgres_server: Postgres, address: str, old: str, new: str, found: str
    ) -> None:
        postgres_server.demand_password("secretive", "a better one")
        for refused in (check, migrate):
            with pytest.raises(StoreUnreachable, match=found) as caught:
                refused(address.replace(old, new, 1))
            assert "Expected a PostgreSQL server at postgresql://" in str(caught.value)
            assert "swordfish" not in repr(caught.value) + str(caught.value)

    def test_a_server_that_is_not_there(self) -> None:
        with pytest.raises(StoreUnreachable, match=r"onefold@127\.0\.0\.1:1/onefold, but"):
            check("postgresql://onefold:swordfish@127.0.0.1:1/onefold")


class TestTheKeyOfADatabase:
    """As with a file: made once, proved by what the store keeps, never replaced."""

    def test_the_first_start_makes_it_in_the_data_folder(
        self, address: str, tmp_path: Path
    ) -> None:
        environ = {VARIABLE: address}
        with pytest.raises(StoreMissing, match="`onefold serve` makes one"):
            open_store(tmp_path, environ)
        assert not (tmp_path / FILE).exists()
        prepare(tmp_path, environ).backend.close()
        for opened in (prepare, open_store):
            opened(tmp_path, environ).backend.close()
        assert [path.name for path in tmp_path.iterdir()] == [FILE]

    def test_another_folder_has_another_key_and_is_refused(
        self, address: str, tmp_path: Path
    ) -> None:
        environ = {VARIABLE: address}
        prepare(tmp_path / "a", environ).backend.close()
        for opened in (prepare, open_store):
            with pytest.raises(StoreError, match="no new key is made"):
                opened(tmp_path / "b", environ)
        (tmp_path / "b" / FILE).write_bytes(b"A" * 43 + b"=")
        with pytest.raises(WrongMasterKey):
            prepare(tmp_path / "b", environ)

    def test_the_environment_brings_it_to_any_folder(self, address: str, tmp_path: Path) -> None:
        environ = {VARIABLE: address}
        prepare(tmp_path / "a", environ).backend.close()
        environ |= {"ONEFOLD_MASTER_KEY": (tmp_path / "a" / FILE).read_text()}
        open_store(tmp_path / "b", environ).backend.close()
        assert not (tmp_path / "b").exists()
