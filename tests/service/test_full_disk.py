"""A full disk, through the whole stack but Ray: 503, nothing acknowledged, and then it goes on."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from service.app import build_app
from service.config import Config
from service.credentials import Credentials
from store.archive import Store
from store.sqlite import SqliteBackend
from tests.actors.deployment import Deployment

CREDENTIALS = Credentials({}, frozenset()).with_write_key("wk", "web").with_api_token("at")
LARGE = {"text": random.Random(1).randbytes(15_000).hex()}


@contextmanager
def full(store: Store) -> Iterator[None]:
    """Let the database's file grow no further, as when no page is left on the disk."""
    backend = store.backend
    assert isinstance(backend, SqliteBackend)
    usual = _pragma(backend, "max_page_count")
    _pragma(backend, "max_page_count = 1")
    try:
        yield
    finally:
        _pragma(backend, f"max_page_count = {usual}")


def _pragma(backend: SqliteBackend, name: str) -> object:
    with backend._datastore.transaction(commit=False) as c:  # noqa: SLF001 - a setting of the connection
        c.execute(f"PRAGMA {name}")
        return c.fetchone()[0]


async def test_a_full_disk_is_503_and_nothing_is_acknowledged(tmp_path: Path) -> None:
    """The same batch, sent again when there is room, is taken whole and once."""
    deployment = Deployment(tmp_path)
    app: Any = build_app(deployment.router(), CREDENTIALS, Config())
    batch = {
        "batch": [
            {"type": "track", "event": "E", "anonymousId": f"u{n}", "messageId": f"m{n}"}
            | {"properties": LARGE}
            for n in range(10)
        ]
    }
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://onefold") as client:
        store = deployment.hosts[0]._store  # noqa: SLF001 - the one that writes
        with full(store):
            refused = await client.post("/v1/batch", json=batch, auth=("wk", ""))
        assert refused.status_code == 503
        assert int(refused.headers["Retry-After"]) >= 1
        assert refused.json()["success"] is False
        assert deployment.counted() == {}
        taken = await client.post("/v1/batch", json=batch, auth=("wk", ""))
        assert taken.status_code == 200
        assert deployment.counted() == {"activities": 10, "visitors": 10}
    deployment.close()
