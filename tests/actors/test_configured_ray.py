"""Ray as it is set up for us."""

import pytest

from actors.configured_ray import ray


def test_what_ray_tells_of_its_cluster_stays_out_of_what_programs_read(
    capfd: pytest.CaptureFixture[str],
) -> None:
    told = {"lines": ["a node was marked dead"], "pid": "raylet", "is_err": False}
    ray._private.worker.print_to_stdstream(told, ignore_prefix=False)  # noqa: SLF001 - as Ray does
    out, err = capfd.readouterr()
    assert out == ""
    assert "a node was marked dead" in err
