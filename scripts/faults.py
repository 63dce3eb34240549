"""Breaks a running Onefold for some minutes, and reads the log afterwards."""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic

import msgspec
from rich.console import Console

from actors.logs import configure_logs
from scripts.faults_acts import Acts
from scripts.faults_check import Findings, LogCheck, check_log
from scripts.faults_deployment import Deployment, StoreKind, deployed
from scripts.faults_load import Load, Record
from scripts.faults_network import Network, why_not
from scripts.faults_report import Report, count_faults, longest_stalls, show
from scripts.faults_schedule import (
    OF_ANY,
    OF_CLUSTER,
    OF_NETWORK,
    OF_POSTGRES,
    PACE,
    Fault,
    Kind,
    make_schedule,
)
from scripts.faults_views import verify_views, views_behind
from scripts.running import ServerNotReady
from store.folder import open_store

CLIENTS = 8
RATE = 1_500.0

err = Console(stderr=True)


class Plan(msgspec.Struct, frozen=True):
    """One run: what stores, how long, which faults at which pace, how many calls a second."""

    store: StoreKind
    seconds: float
    seed: int
    kinds: Sequence[Kind]
    pace: float = PACE
    rate: float = RATE
    clients: int = CLIENTS
    is_quick: bool = False
    nodes: int = 1
    network: Network | None = None
    left_out: Sequence[str] = ()


def main() -> int:
    """Run; the exit code is 1 when anything was lost, doubled, disordered or half done."""
    configure_logs()
    options = _options()
    network, left_out = _network(options.nodes)
    plan = Plan(
        options.store,
        options.minutes * 60,
        options.seed,
        options.only or kinds_for(options.store, options.nodes, has_network=network is not None),
        options.pace,
        options.rate,
        nodes=options.nodes,
        network=network,
        left_out=left_out,
    )
    with tempfile.TemporaryDirectory(prefix="onefold-faults-") as folder:
        try:
            report = run(plan, Path(folder))
        except ServerNotReady as error:
            err.print(f"[bold red]faults:[/] {error}", soft_wrap=True, highlight=False)
            return 1
    show(report, Console())
    if options.json:
        sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
    return 0 if report.is_clean else 1


def _network(nodes: int) -> tuple[Network | None, list[str]]:
    """Make a network for the nodes of a cluster; what this machine cannot do is told."""
    why = why_not() if nodes > 1 else None
    if why is not None:
        return None, [f"{kind}: {why}" for kind in OF_NETWORK]
    return (Network() if nodes > 1 else None), []


def kinds_for(store: StoreKind, nodes: int, *, has_network: bool = False) -> tuple[Kind, ...]:
    """List what can be done to such a deployment."""
    of_store = OF_POSTGRES if store == "postgresql" else ()
    of_nodes = OF_CLUSTER if nodes > 1 else ()
    of_network = OF_NETWORK if has_network else ()
    return (*OF_ANY, *of_store, *of_nodes, *of_network)


def run(plan: Plan, folder: Path) -> Report:
    """Break a deployment by a plan and check what is left of it."""
    schedule = make_schedule(plan.seed, plan.seconds, plan.kinds, plan.pace)
    _print(plan, schedule)
    with deployed(
        folder, plan.store, plan.nodes, plan.network, is_quick=plan.is_quick
    ) as deployment:
        server = deployment.server
        load = Load(plan.seed, plan.clients, plan.rate, lambda: deployment.urls, server.write_key)
        acts = Acts(deployment, load, _say)
        began_at = monotonic()
        with load.running() as record:
            acts.follow(schedule)
            acts.rest(began_at + plan.seconds - monotonic())
        seconds = monotonic() - began_at
        err.print(f"{len(record.acknowledged):,} calls acknowledged; reading the log …")
        return _report(plan, deployment, acts, record, (began_at, seconds))


def _report(
    plan: Plan, deployment: Deployment, acts: Acts, record: Record, when: tuple[float, float]
) -> Report:
    problems = list(record.refused)
    problems += views_behind(deployment.ready())
    check, findings = _checked(deployment, record)
    return Report(
        store=plan.store,
        nodes=plan.nodes,
        seed=plan.seed,
        seconds=when[1],
        acknowledged=len(record.acknowledged),
        unsure=len(record.unsure),
        events=check.events,
        clocks_apart=check.clocks_apart,
        faults=count_faults(acts.done),
        failed=acts.failed,
        stalls=longest_stalls(acts.done, record.answered_at, when[0]),
        findings=findings.counts,
        examples=findings.examples,
        views=verify_views(deployment),
        problems=problems,
        left_out=list(plan.left_out),
    )


def _checked(deployment: Deployment, record: Record) -> tuple[LogCheck, Findings]:
    store = open_store(deployment.data, {**os.environ, **deployment.environ})
    try:
        return check_log(store, record)
    finally:
        store.backend.close()


def _print(plan: Plan, schedule: Sequence[Fault]) -> None:
    err.print(f"{plan.store}, seed {plan.seed}, {len(schedule)} faults", highlight=False)
    for fault in schedule:
        _say(str(fault))
    for what in plan.left_out:
        _say(f"left out: {what}")


def _say(text: str) -> None:
    err.print(text, highlight=False, markup=False)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/faults", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--store", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--nodes", type=int, default=1, help="with postgresql: a cluster of these")
    parser.add_argument("--pace", type=float, default=PACE, help="seconds from fault to fault")
    parser.add_argument("--rate", type=float, default=RATE, help="calls a second, at most")
    parser.add_argument("--only", type=Kind, nargs="+", help="kinds of faults, in their words")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    options = parser.parse_args()
    if options.nodes > 1 and options.store == "sqlite":
        parser.error("a file stays on one machine: --nodes needs --store postgresql")
    return options


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(130)
