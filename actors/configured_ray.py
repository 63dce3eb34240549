"""Ray, set up before it is imported: `from actors.configured_ray import ray` everywhere.

Ray reads its settings from the environment while it is imported, so this is the one thing of
ours that happens on import. Only who knows the random token can speak to a Ray that we start;
it never leaves our process and its children.
"""

import os
import secrets

SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
    "RAY_DEDUP_LOGS": "0",
    "RAY_AUTH_MODE": "token",
}

for _name, _value in SETTINGS.items():
    os.environ.setdefault(_name, _value)
if os.environ["RAY_AUTH_MODE"] == "token":
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))

import ray  # noqa: E402 - see above
import ray.exceptions  # noqa: E402

__all__ = ["ray"]
