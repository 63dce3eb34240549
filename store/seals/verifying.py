"""Recomputing every seal from the log, and naming what does not fit."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from store.backend import LogRow
from store.seals.leaves import Leaf, leaf_of, raw, row_hash
from store.seals.ledger import Ledger
from store.seals.merkle import root
from store.seals.seal import BLOCK, START, Seal
from store.seals.sealing import Log

Kind = Literal[
    "altered", "swapped", "deleted", "tail_deleted", "inserted", "block", "seal", "seal_replaced"
]


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that is not as it was sealed: in which block, at which positions, whose row.

    `last` ends a run of rows. `block` as a kind means that the rows' own hashes cannot be
    trusted, so only the block is known.
    """

    kind: Kind
    block: int
    position: int
    last: int | None = None
    stream: str | None = None
    expected: str
    found: str

    def __str__(self) -> str:
        where = f"block {self.block}, position {self.position}"
        where += "" if self.last is None else f" to {self.last}"
        where += "" if self.stream is None else f", stream {self.stream}"
        return f"{self.kind}: {where}: expected {self.expected}, found {self.found}"


class Verdict(msgspec.Struct, frozen=True):
    """What was looked at, and what was found."""

    blocks: int
    rows: int
    unsealed: int
    findings: list[Finding]


def verify(
    log: Log,
    ledger: Ledger,
    key: Ed25519PublicKey,
    exported: Sequence[Seal] = (),
    checked: Callable[[int], object] = lambda _: None,
) -> Verdict:
    """Check the seals, then every row of the log under them.

    Where `exported` seals are given they count, for whoever holds the key can make new ones: a
    kept seal that differs is named, and the log is held against the exported one.
    """
    kept = list(ledger.seals())
    findings = [*_replaced(kept, exported), *_broken(exported or kept, key)]
    if exported:
        later = _behind(kept, exported[-1])
        findings += _broken(later, key, exported[-1])
        kept = [*exported, *(seal for seal in later if seal.number > exported[-1].number)]
    examined = _Examined(ledger)
    after = START
    for seal in kept:
        rows = list(_rows(log, after, seal.last))
        examined.block(seal, rows)
        checked(len(rows))
        after = max(after, seal.last)
    findings = sorted([*findings, *examined.findings()], key=lambda each: each.position)
    unsealed = sum(len(page) for page in _pages(log, after))
    return Verdict(len(kept), examined.rows, unsealed, findings)


def _replaced(kept: Sequence[Seal], exported: Sequence[Seal]) -> Iterator[Finding]:
    own = {seal.number: seal for seal in kept}
    for seal in exported:
        found = own.get(seal.number)
        if found is None or found.hash != seal.hash:
            told = "no such seal" if found is None else f"a seal with hash {found.hash.hex()}"
            yield _of_seal("seal_replaced", seal, f"the exported seal {seal.hash.hex()}", told)


def _behind(kept: Sequence[Seal], last: Seal) -> Sequence[Seal]:
    """List the seals kept behind the last exported one, whatever number they claim."""
    places = [place for place, seal in enumerate(kept, start=1) if seal.hash == last.hash]
    return kept[places[0] :] if places else [s for s in kept if s.number > last.number]


def _broken(
    seals: Iterable[Seal], key: Ed25519PublicKey, before: Seal | None = None
) -> Iterator[Finding]:
    for seal in seals:
        flaw = seal.flaw(before, key)
        if flaw is not None:
            yield _of_seal("seal", seal, "a seal as it was signed", flaw)
        before = seal


def _of_seal(kind: Kind, seal: Seal, expected: str, found: str) -> Finding:
    return Finding(
        kind=kind,
        block=seal.number,
        position=seal.first,
        last=seal.last,
        expected=expected,
        found=found,
    )


class _Examined:
    """Rows held against the leaves they were sealed with, block by block."""

    def __init__(self, ledger: Ledger) -> None:
        self.rows = 0
        self._ledger = ledger
        self._found: list[Finding] = []
        self._altered: dict[int, tuple[Seal, Leaf, LogRow]] = {}
        self._gone: list[tuple[Seal, Leaf]] = []

    def block(self, seal: Seal, rows: list[LogRow]) -> None:
        """Compare one block."""
        self.rows += len(rows)
        here = {row[0]: leaf_of(row) for row in rows}
        hashes = [each.hash for each in here.values()]
        if root(hashes) == seal.root:
            self._close_run()
            return
        sealed = self._ledger.leaves(seal.number, seal.count)
        if sealed is None or root([each.hash for each in sealed]) != seal.root:
            told = f"{len(rows)} rows with root {root(hashes).hex()}"
            expected = f"{seal.count} rows with root {seal.root.hex()}"
            self._found.append(_of_seal("block", seal, expected, told))
            return
        self._compare(seal, sealed, {row[0]: row for row in rows}, here)

    def findings(self) -> list[Finding]:
        """List everything found."""
        self._close_run("tail_deleted")
        return [*self._found, *self._changes()]

    def _compare(
        self, seal: Seal, sealed: list[Leaf], rows: dict[int, LogRow], here: dict[int, Leaf]
    ) -> None:
        expected = {each.position for each in sealed}
        for row in rows.values():
            if row[0] not in expected:
                self._found.append(_inserted(seal, row))
        for each in sealed:
            found = here.get(each.position)
            if found is None:
                self._gone.append((seal, each))
                continue
            self._close_run()
            if found.hash != each.hash:
                self._altered[each.position] = (seal, each, rows[each.position])

    def _close_run(self, kind: Kind = "deleted") -> None:
        """Tell rows that are gone, side by side, as one run."""
        if self._gone:
            self._found.append(_deleted(kind, self._gone))
            self._gone = []

    def _changes(self) -> Iterator[Finding]:
        """Tell altered rows; two that only changed places are one swap."""
        by_stream: dict[bytes, list[int]] = {}
        for position, (_, each, _) in self._altered.items():
            by_stream.setdefault(each.stream, []).append(position)
        told: set[int] = set()
        for position, (seal, each, row) in self._altered.items():
            if position in told:
                continue
            other = self._swapped_with(position, row, by_stream.get(raw(row[1]), []))
            if other is None:
                yield _altered(seal, each, row)
            else:
                told.add(other)
                yield _swapped(seal, each, other)

    def _swapped_with(self, position: int, row: LogRow, candidates: list[int]) -> int | None:
        """Find the place that a row belongs to, if what stands there belongs here."""
        for other in candidates:
            there = self._altered[other]
            if (
                other != position
                and row_hash(other, *row[1:]) == there[1].hash
                and row_hash(position, *there[2][1:]) == self._altered[position][1].hash
            ):
                return other
        return None


def _altered(seal: Seal, each: Leaf, row: LogRow) -> Finding:
    found = row_hash(*row)
    return Finding(
        kind="altered",
        block=seal.number,
        position=each.position,
        stream=_name(each.stream),
        expected=f"a row with hash {each.hash.hex()}",
        found=f"one of stream {_name(row[1])}, version {row[2]}, with hash {found.hex()}",
    )


def _swapped(seal: Seal, each: Leaf, other: int) -> Finding:
    return Finding(
        kind="swapped",
        block=seal.number,
        position=each.position,
        last=other,
        stream=_name(each.stream),
        expected="two rows as they were sealed",
        found=f"the row of position {other} in place of it, and the other way round",
    )


def _deleted(kind: Kind, gone: list[tuple[Seal, Leaf]]) -> Finding:
    (seal, first), (_, last) = gone[0], gone[-1]
    streams = {each.stream for _, each in gone}
    return Finding(
        kind=kind,
        block=seal.number,
        position=first.position,
        last=None if len(gone) == 1 else last.position,
        stream=_name(first.stream) if len(streams) == 1 else None,
        expected="1 row" if len(gone) == 1 else f"{len(gone):,} rows of {len(streams):,} streams",
        found="nothing" if kind == "deleted" else "the end of the log",
    )


def _inserted(seal: Seal, row: LogRow) -> Finding:
    return Finding(
        kind="inserted",
        block=seal.number,
        position=row[0],
        stream=_name(row[1]),
        expected="nothing",
        found=f"a row of version {row[2]}, topic {row[3]}",
    )


def _name(stream: bytes) -> str:
    """Write a stream's id; whoever inserted a row may have put anything there."""
    try:
        return str(UUID(bytes=raw(stream)))
    except ValueError:
        return raw(stream).hex()


def _rows(log: Log, after: int, last: int) -> Iterator[LogRow]:
    for page in _pages(log, after):
        yield from (row for row in page if row[0] <= last)
        if page[-1][0] >= last:
            return


def _pages(log: Log, after: int) -> Iterator[list[LogRow]]:
    while page := log.page(after, BLOCK):
        yield page
        after = page[-1][0]
