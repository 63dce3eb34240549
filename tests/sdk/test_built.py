"""The script that Onefold serves is the one that the sources give, small enough, and installed."""

import gzip
import hashlib
import json
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from service.sdk import STATIC, built_script, sdk_routes

SDK = Path(__file__).parents[2] / "sdk" / "web"


def test_it_is_built_from_the_sources_as_they_are() -> None:
    version = json.loads((SDK / "package.json").read_bytes())["version"]
    digest = hashlib.sha256(version.encode())
    for source in sorted((SDK / "src").iterdir()):
        digest.update(source.read_bytes())
    built = (STATIC / "onefold.js").read_text("utf-8")
    named = digest.hexdigest()[:16]
    assert built.startswith(f"/*! onefold.js {version} {named} "), "npm run build in sdk/web"


def test_it_is_at_most_five_kilobytes_gzipped() -> None:
    assert len(gzip.compress(built_script().content)) <= 5 * 1024


def test_the_lock_file_names_no_host() -> None:
    assert b"resolved" not in (SDK / "package-lock.json").read_bytes()


@pytest.fixture
def client() -> TestClient[Litestar]:
    return TestClient(Litestar(sdk_routes()))


def test_the_plain_address_is_asked_again_soon(client: TestClient[Litestar]) -> None:
    with client:
        answer = client.get("/sdk/onefold.js")
        assert answer.content == built_script().content
        assert answer.headers["cache-control"] == "public, max-age=300"
        known = {"If-None-Match": answer.headers["etag"]}
        assert client.get("/sdk/onefold.js", headers=known).status_code == 304


def test_the_address_with_the_hash_is_for_ever(client: TestClient[Litestar]) -> None:
    with client:
        manifest = client.get("/sdk/manifest.json").json()
        answer = client.get(manifest["src"], headers={"Accept-Encoding": "identity"})
        assert answer.content == built_script().content
        assert "immutable" in answer.headers["cache-control"]
        assert "content-encoding" not in answer.headers
        assert manifest["integrity"].startswith("sha384-")


def test_an_older_hash_leads_to_the_newest_script(client: TestClient[Litestar]) -> None:
    with client:
        answer = client.get("/sdk/onefold.0123456789abcdef.js", follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (302, "/sdk/onefold.js")
