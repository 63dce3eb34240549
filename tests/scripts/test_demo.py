import json
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.ray
@pytest.mark.slow
def test_the_demo_ends_with_every_count_as_expected() -> None:
    demo = [str(ROOT / "scripts/demo"), "--json"]
    done = subprocess.run(demo, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    last = json.loads(done.stdout.splitlines()[-1])
    assert last["equal"] is True
    assert last["counts"] == last["expected"]
    assert last["duplicates"] == last["calls"]
