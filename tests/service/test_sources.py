"""Sources: who sends calls, with which keys, and who is switched off."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner, Result

from domain.instants import Instant
from service.access import followed
from service.cli.console import app
from service.cli.sources import sources_app
from service.config import Config
from service.credentials import Credentials
from service.doctor import Finding, examine
from service.keys import WRITE_KEY, credentials_in_force, issue_keys
from service.register import Register
from service.sources import (
    SourceError,
)
from store.archive import Store
from store.errors import StoreUnavailable
from store.folder import prepare
from tests.service.desk import RECEIVED, MemoryDesk, client_of, is_problem

BATCH = {"batch": [{"type": "track", "event": "e", "anonymousId": "u1"}]}


def now() -> Instant:
    return RECEIVED


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = prepare(tmp_path, {}, "normal")
    yield made
    made.backend.close()


@pytest.fixture
def register(store: Store) -> Register:
    return Register(store, now)


@pytest.fixture
def credentials(store: Store) -> Callable[[], Credentials]:
    """Read what gateways would read now."""
    return lambda: credentials_in_force(store, {})


class TestAnswers:
    async def test_a_disabled_source_is_answered_404(
        self, register: Register, store: Store
    ) -> None:
        key = register.add("shop", "web")
        register.switch("shop", is_enabled=False)
        desk = MemoryDesk()
        async with client_of(desk, credentials=credentials_in_force(store, {})) as client:
            for request in ({"auth": (key, "")}, {"params": {"writeKey": key}}):
                response = await client.post("/v1/batch", json=BATCH, **request)
                assert is_problem(response, 404, "source_disabled")
                assert "'shop' is disabled" in response.json()["message"]
            response = await client.post("/v1/batch", json={**BATCH, "writeKey": key})
            assert is_problem(response, 404, "source_disabled")
            response = await client.post("/v1/batch", json=BATCH, auth=("other", ""))
            assert is_problem(response, 401, "unknown_write_key")
        assert desk.commands == []


class TestFollowing:
    def test_a_gateway_takes_over_what_changed(self, register: Register, store: Store) -> None:
        read = Event()

        def reading() -> Credentials:
            have = credentials_in_force(store, {})
            if have.all_sources():
                read.set()
            return have

        with followed(reading, period=0.001) as access:
            assert access.find("k") is None
            key = register.add("shop", "web")
            assert read.wait(10)
            read.clear()
            assert read.wait(10)  # the one before it was taken over by now
            assert access.source_of(key) == "shop"

    def test_those_read_last_count_while_the_store_is_away(self) -> None:
        have = Credentials({}, frozenset()).with_write_key("k", "web").with_api_token("t")
        asked, answers = Event(), iter([have])

        def reading() -> Credentials:
            for answer in answers:
                return answer
            asked.set()
            raise StoreUnavailable("the disk is gone")

        with capture_logs() as lines, followed(reading, period=0.001) as access:
            assert asked.wait(10)
            assert (access.source_of("k"), access.allows("t")) == ("web", True)
        assert {line["log_level"] for line in lines} == {"warning"}

    def test_credentials_that_cannot_be_read_at_all_raise(self) -> None:
        def reading() -> Credentials:
            raise StoreUnavailable("the disk is gone")

        with pytest.raises(StoreUnavailable), followed(reading):
            pass


def findings(folder: Path) -> list[Finding]:
    return [each for each in examine(Config(data=folder, port=0), {}) if each.checked == "sources"]


class TestDoctor:
    def test_a_source_without_a_key_and_none_enabled_are_told(
        self, register: Register, tmp_path: Path
    ) -> None:
        assert findings(tmp_path) == [Finding("ok", "sources", "none yet")]
        key = register.add("shop", "web")
        assert findings(tmp_path) == [Finding("ok", "sources", "shop")]
        register.revoke("shop", key)
        (found,) = findings(tmp_path)
        assert (found.level, "no write key for shop" in found.found) == ("warning", True)
        register.switch("shop", is_enabled=False)
        (found,) = findings(tmp_path)
        assert (found.level, "all are disabled" in found.found) == ("warning", True)

    def test_the_default_source_may_have_its_key_from_the_environment(
        self, store: Store, tmp_path: Path
    ) -> None:
        issue_keys(store, {WRITE_KEY: "k"}, now())
        assert findings(tmp_path) == [Finding("ok", "sources", "default")]


class TestCommands:
    def test_a_source_is_made_listed_switched_and_keyed(self, store: Store, tmp_path: Path) -> None:
        def told(*arguments: str) -> Any:
            done = onefold(*arguments, "--data", str(tmp_path), "--json")
            assert done.exit_code == 0, done.output
            return json.loads(done.stdout)

        def access() -> Credentials:
            return credentials_in_force(store, {})

        added = told("add", "shop", "--kind", "server")
        assert access().source_of(added["write_key"]) == "shop"
        assert told("disable", "shop") == {"source": "shop", "enabled": False}
        listed = told("list")[0]
        assert (listed["kind"], listed["enabled"], len(listed["keys"])) == ("server", False, 1)
        assert told("enable", "shop") == {"source": "shop", "enabled": True}
        other = told("key", "shop")
        revoked = told("revoke", "shop", listed["keys"][0])
        assert revoked == {"source": "shop", "revoked": listed["keys"][0]}
        assert access().find(added["write_key"]) is None
        assert access().source_of(other["write_key"]) == "shop"

    def test_people_see_a_table_and_the_key_once(self, tmp_path: Path, store: Store) -> None:
        data = ("--data", str(tmp_path))
        added = onefold("add", "shop", *data)
        key = next(word for word in added.stdout.split() if word.startswith("wk_"))
        assert credentials_in_force(store, {}).source_of(key) == "shop"
        listed = onefold("list", *data).stdout
        assert "shop" in listed
        assert key not in listed

    def test_what_cannot_be_done_is_one_sentence(self, tmp_path: Path, store: Store) -> None:
        assert store.backend.position() == 0
        done = onefold("disable", "shop", "--data", str(tmp_path))
        assert isinstance(done.exception, SourceError)
        assert onefold("add", "shop", "--kind", "fridge", "--data", str(tmp_path)).exit_code == 2


def onefold(*arguments: str) -> Result:
    """Run `onefold sources`."""
    assert sources_app in [group.typer_instance for group in app.registered_groups]
    return CliRunner().invoke(sources_app, arguments)
