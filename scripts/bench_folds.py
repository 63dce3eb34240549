"""Measures how long a fold takes when very many visitors turn out to be one customer at once."""

import argparse
import json
import shlex
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from scripts.bench_calls import BEGIN, Miscounted
from scripts.bench_load import Load, post_requests, send
from scripts.bench_machine import machine
from scripts.postgres import postgres
from scripts.running import Server, running
from store.postgres import migrate

CID = "one-customer"
BATCH = 100

err = Console(stderr=True)


def main() -> int:
    """Measure; the exit code is 1 when a count is wrong."""
    options = _options()
    try:
        found = _measured(options.uids, options.clients, options.hosts)
    except Miscounted as error:
        err.print(f"[bold red]bench:[/] {error}", soft_wrap=True, highlight=False)
        return 1
    found |= {"command": shlex.join(["scripts/bench", "folds", *sys.argv[1:]]), **machine()}
    table = Table("folds", "value", title=f"{options.uids:,} visitors become one customer")
    for name, value in found.items():
        table.add_row(name, f"{value:,.1f}" if isinstance(value, float) else str(value))
    Console().print(table, highlight=False)
    if options.json:
        sys.stdout.write(json.dumps(found) + "\n")
    return 0


def _measured(uids: int, clients: int, hosts: int) -> dict[str, Any]:
    """Have visitors act in batches, then identify one a request, from clients side by side."""
    with (
        postgres({"shared_buffers": "512MB"}) as database,
        tempfile.TemporaryDirectory(prefix="onefold-bench-") as folder,
    ):
        database.execute("CREATE DATABASE folds")
        migrate(database.address("folds"))
        with running(Path(folder), hosts, database.address("folds")) as server:
            err.print(f"{uids:,} visitors act …", highlight=False)
            send(server.url, _acting(server, uids), clients)
            err.print("Each of them identifies …")
            load = send(server.url, _identifying(server, uids), clients)
            _check(server, uids)
    return {"clients": clients, "hosts": hosts, **_told(load)}


def _acting(server: Server, uids: int) -> list[bytes]:
    calls = [
        {"type": "track", "event": "Seen", "anonymousId": f"u{number}", **_named("t", number)}
        for number in range(uids)
    ]
    batches = [calls[start : start + BATCH] for start in range(0, uids, BATCH)]
    bodies = [msgspec.json.encode({"batch": batch}) for batch in batches]
    return post_requests(server.url, "/v1/batch", server.write_key, bodies)


def _identifying(server: Server, uids: int) -> list[bytes]:
    bodies = [
        msgspec.json.encode({"anonymousId": f"u{number}", "userId": CID, **_named("i", number)})
        for number in range(uids)
    ]
    return post_requests(server.url, "/v1/identify", server.write_key, bodies)


def _named(kind: str, number: int) -> dict[str, str]:
    return {"messageId": f"{kind}{number}", "timestamp": BEGIN.isoformat()}


def _check(server: Server, uids: int) -> None:
    expected = {"activities": uids, "visitors": 0, "customers": 1, "folds": uids}
    counts = {name: server.counts()[name] for name in expected}
    customer = server.read(f"/api/v1/customers/{CID}")
    counts["uids"], expected["uids"] = len(customer["uids"]), uids
    counts["its activities"], expected["its activities"] = customer["activity_count"], uids
    if counts != expected:
        raise Miscounted(expected, counts)


def _told(load: Load) -> dict[str, Any]:
    return {
        "folds a second": len(load.latencies) / load.seconds,
        **{
            f"{name}, ms": load.percentile(share) * 1e3
            for name, share in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("longest", 1.0))
        },
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench folds", description=__doc__)
    parser.add_argument("--uids", type=int, default=10_000, metavar="N")
    parser.add_argument("--clients", type=int, default=8, metavar="N")
    parser.add_argument("--hosts", type=int, default=4, metavar="N")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    return parser.parse_args()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(130)
