import os
from pathlib import Path

import pytest

from scripts import bench_machine
from scripts.bench_machine import SYNCED, SYNCS, sync_seconds


def test_it_times_the_syncs_of_small_writes_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, sizes = 0.0, list[int]()

    def fsync(file: int) -> None:
        nonlocal now
        sizes.append(os.fstat(file).st_size)
        now += 0.001 * len(sizes)

    monkeypatch.setattr(bench_machine, "perf_counter", lambda: now)
    monkeypatch.setattr(os, "fsync", fsync)
    assert sync_seconds(tmp_path) == pytest.approx(0.001 * (SYNCS + 1) / 2)
    assert sizes == [SYNCED * number for number in range(1, SYNCS + 1)]
    assert list(tmp_path.iterdir()) == []
