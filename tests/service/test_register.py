"""The register of sources: kept in the store, changed while gateways serve."""

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from domain.instants import Instant
from service.credentials import Credentials
from service.keys import (
    DEFAULT_SOURCE,
    WRITE_KEY,
    change_credentials,
    credentials_in_force,
    issue_keys,
)
from service.register import Register
from service.sources import (
    BadSourceName,
    Source,
    SourceExists,
    UnknownKey,
    UnknownSource,
)
from store.archive import Store
from store.folder import prepare
from tests.actors.deployment import Deployment, send
from tests.controls.calls import rejected, track
from tests.controls.times import day
from tests.service.desk import RECEIVED


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


class TestRegister:
    def test_a_source_is_known_by_its_key(
        self, register: Register, credentials: Callable[[], Credentials]
    ) -> None:
        key = register.add("shop", "app")
        source = Source(name="shop", kind="app", made_at=RECEIVED)
        assert (credentials().find(key), credentials().source_of(key)) == (source, "shop")
        assert credentials().find(key + "x") is None

    def test_a_name_is_taken_once(self, register: Register) -> None:
        register.add("shop", "web")
        with pytest.raises(SourceExists):
            register.add("shop", "server")
        assert [(source.name, source.kind) for source in register.listed()] == [("shop", "web")]

    @pytest.mark.parametrize("name", ["", "Shop", "1a", "a b", "a" * 33, "é", "a\n", "a:b"])
    def test_a_name_is_short_and_plain(self, register: Register, name: str) -> None:
        with pytest.raises(BadSourceName):
            register.add(name, "web")
        assert register.listed() == []

    def test_a_disabled_source_keeps_its_keys_and_comes_back(
        self, register: Register, credentials: Callable[[], Credentials]
    ) -> None:
        key = register.add("shop", "web")
        for is_enabled in (False, True):
            register.switch("shop", is_enabled=is_enabled)
            found = credentials().find(key)
            assert found is not None
            assert found.is_enabled is is_enabled

    def test_keys_are_added_and_revoked_one_by_one(
        self, register: Register, credentials: Callable[[], Credentials]
    ) -> None:
        first, second = register.add("shop", "web"), register.new_key("shop")
        (shown,) = register.listed()
        assert len(shown.keys) == 2
        assert register.revoke("shop", first) in shown.keys
        assert (credentials().find(first), credentials().source_of(second)) == (None, "shop")
        (left,) = register.listed()[0].keys
        assert register.revoke("shop", left) == left
        assert register.listed()[0].keys == []
        assert credentials().find(second) is None

    def test_a_key_is_revoked_at_its_own_source_only(self, register: Register) -> None:
        key = register.add("shop", "web")
        register.add("blog", "web")
        for source, text in [
            ("blog", key),
            ("shop", ""),
            ("shop", register.listed()[1].keys[0][:7]),
        ]:
            with pytest.raises(UnknownKey):
                register.revoke(source, text)
        assert [len(source.keys) for source in register.listed()] == [1, 1]

    def test_what_nobody_added_cannot_be_changed(self, register: Register) -> None:
        actions: list[Callable[[], object]] = [
            lambda: register.switch("shop", is_enabled=False),
            lambda: register.new_key("shop"),
            lambda: register.revoke("shop", "k"),
        ]
        for action in actions:
            with pytest.raises(UnknownSource, match="none yet"):
                action()

    def test_what_is_stored_and_what_is_said_hold_no_key(
        self, register: Register, store: Store
    ) -> None:
        key = register.add("shop", "web")
        assert key.encode() not in (store.backend.get("credentials") or b"")
        assert key not in str(register.listed())
        with pytest.raises(UnknownKey) as caught:
            register.revoke("shop", key + "x")
        assert key not in str(caught.value)

    def test_of_two_who_change_it_at_once_neither_is_lost(self, store: Store) -> None:
        """One comes between another's look and its write."""
        between = iter([lambda: Register(store, now).add("blog", "web")])

        def meanwhile(have: Credentials) -> tuple[Credentials, None]:
            next(between, lambda: None)()
            return have.with_source(Source(name="shop")), None

        change_credentials(store, meanwhile)
        assert [source.name for source in Register(store, now).listed()] == ["blog", "shop"]


class TestFirstStart:
    def test_the_first_key_belongs_to_the_default_source(
        self, store: Store, register: Register
    ) -> None:
        keys = issue_keys(store, {}, now())
        assert keys.write_key is not None
        found = credentials_in_force(store, {}).find(keys.write_key)
        assert found == Source(name=DEFAULT_SOURCE, made_at=RECEIVED)
        again = issue_keys(store, {}, now())
        assert (again.write_key, again.api_token) == (None, None)
        assert len(register.listed()) == 1

    def test_the_key_of_the_environment_belongs_to_the_default_source(
        self, store: Store, register: Register
    ) -> None:
        environ = {WRITE_KEY: "k"}
        issue_keys(store, environ, now())
        assert credentials_in_force(store, environ).find("k") == Source(
            name=DEFAULT_SOURCE, made_at=RECEIVED
        )
        register.switch(DEFAULT_SOURCE, is_enabled=False)
        found = credentials_in_force(store, environ).find("k")
        assert found is not None
        assert not found.is_enabled

    def test_what_version_0_1_0_stored_is_read(self, store: Store, register: Register) -> None:
        """It kept `{"write_keys": {hash: source}, "api_tokens": [hash]}`."""
        old = Credentials({}, frozenset()).with_write_key("k", "default").with_api_token("t")
        kept = msgspec.json.decode(old.to_json())
        del kept["sources"]
        assert set(kept) == {"write_keys", "api_tokens"}
        store.backend.put("credentials", msgspec.json.encode(kept))

        read = credentials_in_force(store, {})
        assert (read.find("k"), read.allows("t")) == (Source(name="default"), True)
        assert [(s.name, s.enabled, s.made_at) for s in register.listed()] == [
            ("default", True, None)
        ]
        register.switch("default", is_enabled=False)
        assert credentials_in_force(store, {}).find("k") == Source(name="default", is_enabled=False)
        assert issue_keys(store, {}, now()).write_key is None


class TestCounters:
    def test_each_source_counts_the_calls_it_brought(self, tmp_path: Path) -> None:
        deployment = Deployment(tmp_path)
        first = track(uid="u1", source="shop")
        send(deployment.hosts[0], first, track(uid="u2", source="shop"), rejected(source="shop"))
        send(deployment.hosts[0], first, track(uid="u1", cid="c1", source="blog", at=day(2)))
        store = deployment.store()
        register = Register(store, now)
        for name in ("shop", "blog"):
            register.add(name, "web")
        counted = {s.name: (s.received, s.rejected) for s in register.listed()}
        assert counted == {"shop": (3, 1), "blog": (1, 0)}
        deployment.close()
