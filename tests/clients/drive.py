"""Drives a Python client as its documentation says: one JSON argument, calls in it.

Not part of the tests' process, so that clients with other dependencies can run as well. Exits
with 1 when the client gives calls up.
"""

import json
import re
import sys
from importlib import import_module
from typing import Any


def main() -> int:
    """Send the calls, wait until the client is done with them."""
    order = json.loads(sys.argv[1])
    analytics: Any = import_module(order["module"])
    analytics.write_key = order["key"]
    setattr(analytics, order["address"], order["url"])
    for name, value in order["options"].items():
        setattr(analytics, name, value)
    failures: list[str] = []
    analytics.on_error = lambda error, _calls: failures.append(str(error))
    for call in order["calls"]:
        send(analytics, call)
    analytics.shutdown()
    print(json.dumps(failures))  # noqa: T201 - the tests read it
    return 1 if failures else 0


def send(analytics: Any, call: dict[str, Any]) -> None:
    """Make one call by the method of its type, its fields in Python's spelling."""
    fields = {snake(name): value for name, value in call.items() if name != "type"}
    getattr(analytics, call["type"])(**fields)


def snake(name: str) -> str:
    """Spell `anonymousId` as `anonymous_id`."""
    return re.sub("[A-Z]", lambda found: f"_{found[0].lower()}", name)


if __name__ == "__main__":
    sys.exit(main())
