"""Whatever is sent to the documented addresses: an answer of ours, never a 500."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case

from service.app import build_app
from service.config import Config
from tests.service.desk import API_TOKEN, CREDENTIALS, RECEIVED, WRITE_KEY, MemoryDesk

APP: Any = build_app(MemoryDesk(), CREDENTIALS, Config(), now=lambda: RECEIVED)
API = schemathesis.openapi.from_asgi("/openapi.json", APP)
API.config.phases.coverage.enabled = False  # minutes for what the wire's own tests name one by one
UNFORESEEN = 500
SPACES = "/v1/spaces/"


def authorized(case: Case[Any]) -> dict[str, str]:
    """Give the header that an address wants."""
    if case.path.startswith(("/api/v1", SPACES)):
        return {"Authorization": f"Bearer {API_TOKEN}"}
    return {"X-Write-Key": WRITE_KEY}


@pytest.mark.slow
@API.parametrize()
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_no_request_ends_in_an_error_that_nobody_foresaw(case: Case[Any]) -> None:
    response = case.call(headers=authorized(case))
    assert response.status_code != UNFORESEEN, response.text
    if response.status_code >= 400:
        told = response.json()
        problem = told["error"] if case.path.startswith(SPACES) else told  # as Segment tells them
        assert {"code", "message"} <= set(problem)
