"""What a supervisor does where it cannot work."""

import os
from threading import Event

import pytest

from actors import supervisor
from actors.supervisor import Supervisor
from service.blueprint import FromConfig
from service.config import Config


def test_on_a_node_without_the_secrets_it_tells_why_and_leaves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left = Event()
    monkeypatch.setattr(supervisor, "configure_logs", lambda: None)  # it would be for all tests
    monkeypatch.setattr(os, "_exit", lambda _: left.set())
    monkeypatch.setattr(supervisor, "TOLD_WITHIN", 0.01)
    misplaced = Supervisor(FromConfig(Config(), "a deployment", ("ONEFOLD_OF_NOBODY",)))
    assert left.wait(60)
    assert "Expected ONEFOLD_OF_NOBODY in the environment" in (misplaced.info().problem or "")
    misplaced.stop()
