"""`onefold audit` from end to end."""

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from service.cli import app, load
from tests.seals.sealed import ROWS, Sealed

load("audit")


def run(*arguments: object, expect: int = 0) -> Any:
    """Run `onefold audit` and read the JSON that it prints."""
    told = CliRunner().invoke(app, ["audit", *map(str, arguments), "--json"])
    assert told.exit_code == expect, told.output
    return json.loads(told.stdout)


def test_a_log_is_sealed_verified_exported_and_a_profile_proven(
    sealed: Sealed, tmp_path: Path
) -> None:
    data = ("--data", sealed.folder)
    seals, proof = tmp_path / "seals.json", tmp_path / "proof.json"
    assert run("seal", *data) == {"sealed": 0, "seals": 3}
    assert run("seal", "--now", *data) == {"sealed": 250, "seals": 4}
    assert run("verify", *data) == {"blocks": 4, "rows": ROWS, "unsealed": 0, "findings": []}
    assert run("export", seals, *data) == {"seals": 4, "file": str(seals)}
    assert run("verify", "--against", seals, *data)["findings"] == []
    assert run("prove", "customer:c1", proof, *data)["unsealed"] == 0
    assert run("check", proof, "--export", seals) == {"profile": "customer:c1", "flaws": []}

    sealed.alter("UPDATE events SET topic = 'x' WHERE position = 1234")
    [found] = run("verify", *data, expect=1)["findings"]
    assert (found["kind"], found["block"], found["position"]) == ("altered", 2, 1_234)
    told = CliRunner().invoke(app, ["audit", "verify", "--data", str(sealed.folder)])
    assert told.exit_code == 1
    assert "altered: block 2, position 1234, stream" in told.stdout
    assert "4 seals over 3,250 rows: 1 findings" in told.stdout


def test_a_broken_proof_has_its_exit_code(sealed: Sealed, tmp_path: Path) -> None:
    data = ("--data", sealed.folder)
    seals, proof = tmp_path / "seals.json", tmp_path / "proof.json"
    run("export", seals, *data)
    run("prove", "visitor:u1", proof, *data)
    broken = json.loads(proof.read_text())
    broken["events"][0]["topic"] = "tracked.9"
    proof.write_text(json.dumps(broken))
    [flaw] = run("check", proof, "--export", seals, expect=1)["flaws"]
    assert flaw["why"] == "the row is not what was sealed there"
