"""Actors without Ray: plain classes over a store in a folder of their own."""

from collections.abc import Iterator, MutableMapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NoReturn

import pytest
from structlog.testing import capture_logs

from actors.configured_ray import ray
from store.location import VARIABLE
from tests.actors.deployment import Deployment
from tests.actors.views_of import Watched
from tests.controls.databases import fresh_database


def _refuse(*_: object, **__: object) -> NoReturn:
    pytest.fail("Expected a test without Ray, but it called ray.init")


@pytest.fixture(autouse=True)
def no_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make `ray.init` raise: what needs Ray belongs into tests/cluster."""
    monkeypatch.setattr(ray, "init", _refuse)


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[MutableMapping[str, Any]]]:
    """Collect the log lines of a test instead of printing them."""
    with capture_logs() as lines:
        yield lines


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    """One host."""
    made = Deployment(tmp_path)
    yield made
    made.close()


@pytest.fixture(params=["sqlite", "postgres"])
def watched(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Watched]:
    """One host whose log and views are in that kind of database."""
    with ExitStack() as stack:
        environ = {}
        if request.param == "postgres":
            server = request.getfixturevalue("postgres_server")
            environ = {VARIABLE: server.address(stack.enter_context(fresh_database(server)))}
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        deployment = Deployment(tmp_path, environ=environ)
        stack.callback(deployment.close)
        made = Watched(deployment)
        stack.callback(made.close)
        yield made


@pytest.fixture
def three(tmp_path: Path) -> Iterator[Deployment]:
    """Three hosts over one store."""
    made = Deployment(tmp_path, hosts=3)
    yield made
    made.close()
