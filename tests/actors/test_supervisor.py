"""What a supervisor does where it cannot work."""

import os
from threading import Event
from typing import NoReturn

import pytest

from actors import supervisor
from actors.supervisor import Supervisor
from service.blueprint import FromConfig
from service.config import Config


def test_on_a_node_without_the_secrets_it_tells_why_and_leaves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left = Event()

    def leave(code: int) -> NoReturn:
        assert code == 1
        left.set()
        raise SystemExit  # of its thread, in place of the process

    monkeypatch.setattr(os, "_exit", leave)
    monkeypatch.setattr(supervisor, "TOLD_WITHIN", 0.01)
    misplaced = Supervisor(FromConfig(Config(), "a deployment", ("ONEFOLD_OF_NOBODY",)))
    assert left.wait(60)
    assert "Expected ONEFOLD_OF_NOBODY in the environment" in (misplaced.info().problem or "")
