"""The view database: private, all or nothing, one moment for a reader, honest when it is gone."""

import stat
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, select, text

from store.views import generations, leases, tracking
from store.views.database import ViewDatabase
from store.views.errors import (
    OutOfStep,
    RebuildRunning,
    ViewBuilding,
    ViewMissing,
    ViewOutdated,
    ViewsBehind,
    ViewsMissing,
)
from store.views.opening import views_in
from store.views.postgres import SCHEMA, ViewSchema
from store.views.reader import Views
from store.views.sqlite import FILE
from tests.controls.databases import fresh_database


@pytest.fixture(params=["file", "schema"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ViewDatabase]:
    with ExitStack() as stack:
        if request.param == "file":
            opened = views_in(tmp_path)
        else:
            server = request.getfixturevalue("postgres_server")
            name = stack.enter_context(fresh_database(server))
            opened = ViewDatabase(ViewSchema(server.address(name)))
        stack.callback(opened.close)
        assert opened.create()
        yield opened


@pytest.fixture
def views(database: ViewDatabase) -> Views:
    return Views(database, {"shoes": 2})


def delete(database: ViewDatabase, folder: Path) -> None:
    """Delete the views as somebody might who is short of room."""
    if database.name == FILE:
        (folder / FILE).unlink()
    else:
        with database.writing() as connection:
            connection.execute(text(f"DROP SCHEMA {SCHEMA} CASCADE"))


def made(
    database: ViewDatabase, version: int = 2, at: int = 0, complete_at: int = 0
) -> generations.Generation:
    with database.writing() as connection:
        generation = generations.add(connection, "shoes", version, "live", complete_at=complete_at)
        tracking.advance(connection, generation.key, 0, at)
    return generation


def test_the_file_is_its_owners_alone_as_are_the_files_beside_it(tmp_path: Path) -> None:
    database = views_in(tmp_path)
    database.create()
    made(database)
    files = list(tmp_path.glob("views.db*"))
    assert len(files) == 3
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    database.close()


class TestTheDatabase:
    def test_it_is_made_once(self, database: ViewDatabase) -> None:
        made(database)
        assert not database.create()
        with database.reading() as connection:
            assert len(generations.generations(connection)) == 1

    def test_one_that_was_deleted_is_missed_and_one_made_anew_is_found(
        self, database: ViewDatabase, tmp_path: Path
    ) -> None:
        made(database)
        delete(database, tmp_path)
        missed = pytest.raises(ViewsMissing, match="onefold projections rebuild")
        with missed, database.reading() as connection:
            generations.generations(connection)
        assert database.create()
        with database.reading() as connection:
            assert generations.generations(connection) == []

    def test_a_reader_sees_one_moment(self, database: ViewDatabase) -> None:
        generation = made(database)
        with database.reading() as connection:
            assert tracking.position(connection, generation.key) == 0
            with database.writing() as writer:
                tracking.advance(writer, generation.key, 0, 7)
            assert tracking.position(connection, generation.key) == 0

    def test_a_transaction_that_fails_leaves_nothing_not_even_tables(
        self, database: ViewDatabase
    ) -> None:
        metadata = MetaData()
        table = Table("shoes_1_pairs", metadata, Column("size", Integer, primary_key=True))
        with suppress(ZeroDivisionError), database.writing() as connection:
            metadata.create_all(connection)
            connection.execute(table.insert().values(size=42))
            raise ZeroDivisionError
        with database.writing() as connection:
            metadata.create_all(connection)
            assert connection.execute(select(table)).all() == []


class TestGenerations:
    def test_who_is_not_where_the_generation_is_cannot_move_it(
        self, database: ViewDatabase
    ) -> None:
        generation = made(database, at=5)
        with pytest.raises(OutOfStep), database.writing() as connection:
            tracking.advance(connection, generation.key, 4, 9)

    def test_a_name_with_a_number_could_be_the_beginning_of_anothers_tables(
        self, database: ViewDatabase
    ) -> None:
        with pytest.raises(ValueError, match="shoes_1"), database.writing() as connection:
            generations.add(connection, "shoes_1", 1, "live")

    def test_dropping_one_leaves_the_tables_of_the_others(self, database: ViewDatabase) -> None:
        with database.writing() as connection:
            kept, dropped = (
                generations.add(connection, name, 1, "old") for name in ("shoes", "shoes_red")
            )
            metadata = MetaData()
            for generation in (kept, dropped):
                Table(f"{generation.prefix}pairs", metadata, Column("size", Integer))
            metadata.create_all(connection)
            generations.drop(connection, dropped)
            assert [g.key for g in generations.generations(connection)] == ["shoes_1"]
            left = MetaData()
            left.reflect(connection)
        assert "shoes_1_pairs" in left.tables
        assert "shoes_red_1_pairs" not in left.tables


class TestLeases:
    def test_a_second_holder_is_refused_by_name(self, database: ViewDatabase) -> None:
        with database.writing() as connection:
            leases.take(connection, "shoes")
        with pytest.raises(RebuildRunning, match=r"'shoes'.*process"), database.writing() as again:
            leases.take(again, "shoes")

    def test_a_lease_that_ran_out_is_taken_over_and_fences_its_holder(
        self, database: ViewDatabase
    ) -> None:
        with database.writing() as connection:
            held = leases.take(connection, "shoes", now=lambda: 1_000.0)
            leases.take(connection, "shoes", now=lambda: 1_000.0 + leases.LASTS)
        with pytest.raises(OutOfStep), database.writing() as connection:
            leases.renew(connection, held)

    def test_a_holder_that_died_on_this_machine_is_not_waited_for(
        self, database: ViewDatabase, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("os.getpid", lambda: 2**22 + 1)
        with database.writing() as connection:
            leases.take(connection, "shoes")
        with database.writing() as connection:
            assert leases.take(connection, "shoes").epoch == 2


class TestReading:
    def test_a_live_view_is_read_with_its_prefix_and_position(
        self, database: ViewDatabase, views: Views
    ) -> None:
        made(database, at=9)
        with views.reading("shoes") as snapshot:
            assert snapshot.prefix("shoes") == "shoes_1_"
            assert snapshot.position("shoes") == 9

    def test_what_cannot_be_read_says_what_to_do(
        self, database: ViewDatabase, views: Views
    ) -> None:
        with pytest.raises(ViewMissing, match="onefold projections rebuild shoes"):
            views.reading("shoes").__enter__()
        made(database, version=1)
        with pytest.raises(ViewOutdated, match=r"Expected version 2 .* found version 1"):
            views.reading("shoes").__enter__()

    def test_a_view_that_is_made_for_the_first_time_is_not_shown_half(
        self, database: ViewDatabase, views: Views
    ) -> None:
        made(database, at=3, complete_at=10)
        with pytest.raises(ViewBuilding, match="position 3 of 10"):
            views.reading("shoes").__enter__()
        assert [row.state for row in views.status(10)] == ["building"]

    def test_a_view_without_a_generation_is_told_as_missing(self, views: Views) -> None:
        (row,) = views.status(4)
        assert (row.name, row.state, row.lag) == ("shoes", "missing", 4)

    async def test_waiting_ends_when_the_position_is_there(
        self, database: ViewDatabase, views: Views
    ) -> None:
        made(database, at=9)
        await views.wait(9, ["shoes"], timeout=0)

    async def test_waiting_in_vain_tells_the_present_position(
        self, database: ViewDatabase, views: Views
    ) -> None:
        made(database, at=9)
        with pytest.raises(ViewsBehind, match="at position 10, it is at 9 still") as caught:
            await views.wait(10, ["shoes"], timeout=0.01)
        assert caught.value.position == 9
