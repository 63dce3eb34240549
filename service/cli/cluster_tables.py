"""A deployment's status as people read it: one small table a kind."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from actors.status import Status


def show(status: "Status", console: Console) -> None:
    """Print nodes, hosts, gateways and projectors."""
    version = 0 if status.placement is None else status.placement.version
    wanted = "" if status.desired is None else f", {status.desired.hosts} hosts wanted"
    moving = "" if status.is_settled else " (moving)"
    console.print(f"{status.store}: placement {version}{wanted}{moving}", highlight=False)
    if status.problem:
        console.print(f"[bold red]Problem:[/] {status.problem}", highlight=False)
    for table in (_nodes(status), _hosts(status), _gateways(status), _projectors(status)):
        console.print(table)


def _nodes(status: "Status") -> Table:
    rows = [(n.id[:8], n.address, n.state, ", ".join(n.lacks)) for n in status.nodes]
    return _table(("node", "address", "state", "lacks"), rows)


def _hosts(status: "Status") -> Table:
    rows = [
        (h.name, (h.node or "?")[:8], h.pid, h.epoch, h.slots, h.live, h.code, h.problem)
        for h in status.hosts
    ]
    return _table(("host", "node", "pid", "epoch", "slots", "live", "code", "problem"), rows)


def _gateways(status: "Status") -> Table:
    rows = [
        (g.url, (g.node or "?")[:8], g.pid, g.placement, g.code, g.problem) for g in status.gateways
    ]
    return _table(("gateway", "node", "pid", "placement", "code", "problem"), rows)


def _projectors(status: "Status") -> Table:
    rows = [
        (p.name, (p.node or "?")[:8], p.pid, p.lag, p.code, p.problem) for p in status.projectors
    ]
    return _table(("projector", "node", "pid", "lag", "code", "problem"), rows)


def _table(columns: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column)
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    return table
