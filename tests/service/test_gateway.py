"""The shell of a gateway, without Ray and HTTP: whatever keeps it from serving, it tries again."""

from pathlib import Path
from threading import Event
from typing import NoReturn

import pytest

from actors.infos import Terms
from service import gateway
from service.config import Config
from service.gateway import GatewaySettings, GatewayShell
from store.errors import StoreUnavailable
from tests.controls.databases import WITHIN

HINDRANCES = [StoreUnavailable("it is away"), OSError("no such port"), ZeroDivisionError("a bug")]


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> Event:
    """Is set once a gateway has met all that may hinder it, one after the other."""
    hindrances, all_met = iter(HINDRANCES), Event()

    def hindered(*_: object) -> NoReturn:
        error = next(hindrances, None)
        if error is None:
            all_met.set()
            raise StoreUnavailable("it is still away")
        raise error

    monkeypatch.setattr(gateway, "configure_logs", lambda: None)
    monkeypatch.setattr(gateway, "AGAIN_AFTER", 0.01)
    monkeypatch.setattr(gateway, "serving", hindered)
    return all_met


def test_a_gateway_tries_again_whatever_kept_it_from_serving(tried: Event, tmp_path: Path) -> None:
    shell = GatewayShell(GatewaySettings(Config(data=tmp_path), Terms("gateway-1"), "127.0.0.1"))
    try:
        assert tried.wait(WITHIN)
        assert not shell.info().is_serving
        assert shell.info().standing.problem is not None
    finally:
        shell.stop()
