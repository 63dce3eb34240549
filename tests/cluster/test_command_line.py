"""The command line as users run it."""

import gzip
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.calls import day, fresh, identify, page, track
from tests.cluster.server import ONEFOLD, WRITE_KEY, Server

pytestmark = pytest.mark.ray


def onefold(*arguments: str, expect: int = 0, cwd: Path | None = None) -> str:
    """Run a command and give what it prints."""
    done = subprocess.run(
        [*ONEFOLD, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=cwd,
    )
    assert done.returncode == expect, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def lines(*calls: dict[str, Any]) -> bytes:
    """Write calls as JSONL."""
    return b"".join(json.dumps(call).encode() + b"\n" for call in calls)


def test_an_import_can_be_repeated_and_changes_nothing(server: Server, tmp_path: Path) -> None:
    """JSONL and gzip, with and without message ids, and a bad line that is named."""
    uid, cid = fresh("u"), fresh("c")
    anonymous = page(day(1), uid=uid)
    del anonymous["messageId"]
    plain, packed = tmp_path / "calls.jsonl", tmp_path / "more.jsonl.gz"
    plain.write_bytes(lines(anonymous, anonymous) + b"{broken\n" + lines(page(day(2), uid=uid)))
    packed.write_bytes(gzip.compress(lines(identify(day(3), {"a": 1}, uid=uid, cid=cid))))
    command = ("import", str(plain), str(packed), "--url", server.url, "--write-key", WRITE_KEY)

    told = json.loads(onefold(*command, "--json", expect=1))
    assert told["sent"] == 4
    assert [(bad["line"], bad["code"]) for bad in told["bad"]] == [(3, "invalid_json")]
    once = server.customer(cid)
    assert once["activities"] == {"$page": 3}
    duplicates = server.stats()["duplicates"]
    onefold(*command, expect=1)
    assert server.customer(cid) == once
    assert server.stats()["duplicates"] == duplicates + 4


@pytest.mark.slow
def test_an_import_without_a_server_starts_one_on_the_folder(tmp_path: Path) -> None:
    """Then profiles are shown from the folder, with nothing running."""
    calls = [
        track("View", day(1), uid="u1", device="d"),
        identify(day(2), {"plan": "pro"}, uid="u2", cid="c1", device="d"),
        track("Buy", day(3), uid="u2", cid="c1"),
    ]
    (tmp_path / "calls.jsonl").write_bytes(lines(*calls))
    data = ("--data", str(tmp_path / "data"))
    assert "3 calls sent, 0 lines not taken" in onefold(
        "import", str(tmp_path / "calls.jsonl"), *data
    )

    shown = json.loads(onefold("profile", "show", "customer:c1", *data, "--json"))
    assert shown["uids"] == ["u1", "u2"]
    assert shown["activities"] == {"Buy": 1, "View": 1}
    folded = json.loads(onefold("profile", "show", "visitor:u1", *data, "--json"))
    assert folded["folded_from"] == "u1"

    history = onefold("profile", "history", "customer:c1", *data, "--json").splitlines()
    events = [json.loads(line) for line in history]
    assert [event["position"] for event in events] == sorted(e["position"] for e in events)
    assert [event["event"] for event in events if event["event"] != "Merged"] == [
        "VisitorBorn",
        "ActivityTracked",
        "CustomerBorn",
        "VisitorBorn",
        "Folded",
        "AttributesSet",
        "Folded",
        "ActivityTracked",
    ]
    assert {event["rule"] for event in events if event["event"] == "Merged"} == {
        "same_call",
        "link_key:device",
    }
    assert (
        "no customer 'nobody'"
        in subprocess.run(
            [*ONEFOLD, "profile", "show", "customer:nobody", *data],
            capture_output=True,
            text=True,
            check=False,
        ).stderr
    )


def test_config_shows_where_each_setting_comes_from(tmp_path: Path) -> None:
    """A file in the current folder counts; secrets are never shown."""
    (tmp_path / "onefold.toml").write_text("port = 9999\n")
    settings = {
        setting["name"]: setting
        for setting in json.loads(onefold("config", "--json", cwd=tmp_path))
    }
    assert settings["port"]["value"] == "9999"
    assert settings["port"]["origin"] == "onefold.toml"
    assert settings["queue"]["origin"] == "default"
    assert "9999" in onefold("config", cwd=tmp_path)


def test_the_doctor_finds_a_readable_master_key(server: Server) -> None:
    """A healthy folder passes, also one in use; a key that others may read is a problem."""
    key, command = server.data / "master.key", ("doctor", "--data", str(server.data), "--json")
    assert {finding["level"] for finding in json.loads(onefold(*command))} == {"ok"}
    key.chmod(0o644)
    try:
        found = json.loads(onefold(*command, expect=1))
    finally:
        key.chmod(0o600)
    assert [f["checked"] for f in found if f["level"] == "problem"] == ["master key"]
