"""Sealing what the log has grown by. Reads only; the way of a write knows nothing of it."""

from collections.abc import Callable
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.instants import Instant
from store.backend import LogRow
from store.seals.leaves import leaf_of
from store.seals.ledger import Ledger
from store.seals.seal import BLOCK, seal_of


class Log(Protocol):
    """As much of a backend as seals need: rows as they are stored, in the order of commits."""

    def page(self, after: int, limit: int) -> list[LogRow]:
        """Read the log behind a position, in order, at most `limit` events."""

    def position(self) -> int:
        """Give the highest position; 0 when the log is empty."""

    def close(self) -> None:
        """Let go of the database."""


def seal_up_to_now(  # noqa: PLR0913 - what is sealed, with what, and who watches
    log: Log,
    ledger: Ledger,
    key: Ed25519PrivateKey,
    now: Callable[[], Instant],
    *,
    partial: bool = False,
    sealed: Callable[[int], object] = lambda _: None,
) -> int:
    """Seal every full block behind the last seal, and count the rows; may be repeated any time.

    With `partial` the rest is sealed too, as a shorter block. `sealed` is told the rows of each
    block. Positions follow the order of commits, so nothing can turn up later behind a seal.
    """
    total = 0
    while True:
        before = ledger.last()
        rows = log.page(ledger.end, BLOCK)
        if not rows or (len(rows) < BLOCK and not partial):
            return total
        leaves = [leaf_of(row) for row in rows]
        if ledger.add(seal_of(leaves, before, now()).signed(key), leaves):
            total += len(rows)
            sealed(len(rows))
