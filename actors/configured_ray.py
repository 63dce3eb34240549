"""Ray, set up before it is imported: `from actors.configured_ray import ray` everywhere.

Ray reads its settings from the environment while it is imported, so this is the one thing of
ours that happens on import; what Ray tells of its cluster goes to standard error from then on.

Only who knows the random token can speak to a Ray that we start; it never leaves our process
and its children. How to speak to a cluster that somebody else started is for its environment
to say.
"""

import os
import secrets
import sys
from typing import Any

ADDRESS = "ONEFOLD_RAY_ADDRESS"
"""Names the cluster to join; empty for a Ray of our own."""

SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
    "RAY_DEDUP_LOGS": "0",
}

for _name, _value in SETTINGS.items():
    os.environ.setdefault(_name, _value)
if not os.environ.get(ADDRESS) and "ray" not in sys.modules:
    os.environ.setdefault("RAY_AUTH_MODE", "token")
    if os.environ["RAY_AUTH_MODE"] == "token":
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))

import ray  # noqa: E402 - see above
import ray._private.worker as _worker  # noqa: E402
import ray.exceptions  # noqa: E402

_print = _worker.print_to_stdstream


def _print_as_error(data: Any, ignore_prefix: bool) -> None:  # noqa: FBT001 - Ray's own
    """Keep standard output for what we print: programs read it.

    Ray tells every driver there when a node dies, whatever `log_to_driver` says.
    """
    _print({**data, "is_err": True}, ignore_prefix)


_worker.print_to_stdstream = _print_as_error

__all__ = ["ADDRESS", "ray"]
