"""Clocks that are wrong: what the Python of a node believes the time to be.

Done as Python's own `sitecustomize`, before anything of ours is imported, so that it needs nothing
that has to be installed and nobody who is root. Ray's programs stay right, and so does how long
things take.
"""

import os
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Final

OFF_BY: Final = (600, -600)
"""Seconds by which the clocks of workers are fast, in turns: twenty minutes between two of them."""

WRONG: Final = """
import time

_right, _right_ns = time.time, time.time_ns
time.time = lambda: _right() + {seconds}
time.time_ns = lambda: _right_ns() + {seconds} * 1_000_000_000
"""


def wrong_clocks(folder: Path) -> Iterator[dict[str, str]]:
    """Give the environment of one node after the other; each has another clock than the last."""
    for seconds in cycle(OFF_BY):
        place = folder / f"clock{seconds:+d}"
        place.mkdir(parents=True, exist_ok=True)
        (place / "sitecustomize.py").write_text(WRONG.format(seconds=seconds))
        path = [str(place), *filter(None, [os.environ.get("PYTHONPATH")])]
        yield {"PYTHONPATH": os.pathsep.join(path)}
