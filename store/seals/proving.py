"""Proof that a profile's events are in the sealed log, to be checked without that log.

A proof holds the rows as they are stored, encrypted, with each one's way up to the root of its
block. With exported seals anybody can follow it. It shows that these rows are in the log at
these places, not that there are no others: but a stream has versions 1 to n, and a hole in
them is found.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal
from uuid import UUID

import msgspec

from store.backend import Backend
from store.seals.exporting import Export
from store.seals.leaves import row_hash
from store.seals.ledger import Ledger
from store.seals.merkle import Hash, path, root_by
from store.seals.seal import Seal


class Proven(msgspec.Struct, frozen=True, kw_only=True):
    """One row, its place in its block, and the hashes beside its way to the root."""

    position: int
    stream: UUID
    version: int
    topic: str
    state: bytes
    block: int
    index: int
    path: list[Hash]


class Proof(msgspec.Struct, frozen=True):
    """The rows of a profile; `unsealed` are positions that no seal covers yet."""

    profile: str
    events: list[Proven]
    unsealed: list[int] = []
    onefold: Literal["proof.1"] = "proof.1"


class Flaw(msgspec.Struct, frozen=True):
    """What does not hold, and where."""

    where: str
    why: str


def prove(log: Backend, ledger: Ledger, profile: str, streams: Sequence[UUID]) -> Proof:
    """Prove whole streams. A row that is not as it was sealed is proven all the same: and fails."""
    seals = list(ledger.seals())
    blocks: dict[int, tuple[dict[int, int], list[Hash]]] = {}
    events, unsealed = [], []
    for position, stored in log.positioned(streams):
        seal = _covering(seals, position)
        if seal is None:
            unsealed.append(position)
            continue
        if seal.number not in blocks:
            leaves = ledger.leaves(seal.number, seal.count) or []
            places = {each.position: index for index, each in enumerate(leaves)}
            blocks[seal.number] = places, [each.hash for each in leaves]
        places, hashes = blocks[seal.number]
        index = places.get(position, -1)
        events.append(
            Proven(
                position=position,
                stream=UUID(str(stored.originator_id)),
                version=stored.originator_version,
                topic=stored.topic,
                state=stored.state,
                block=seal.number,
                index=index,
                path=path(hashes, index) if index >= 0 else [],
            )
        )
    return Proof(profile, events, unsealed)


def check(proof: Proof, export: Export) -> list[Flaw]:
    """Follow a proof up to exported seals; no flaws: all of it is in the log that was sealed."""
    return [*_seals(export), *_rows(proof.events, export), *_holes(proof)]


def _seals(export: Export) -> Iterator[Flaw]:
    before = None
    for seal in export.seals:
        why = seal.flaw(before, export.key)
        if why is not None:
            yield Flaw(f"seal {seal.number}", why)
        before = seal


def _rows(events: Iterable[Proven], export: Export) -> Iterator[Flaw]:
    seals = {seal.number: seal for seal in export.seals}
    for event in events:
        seal = seals.get(event.block)
        if seal is None:
            yield Flaw(f"position {event.position}", f"seal {event.block} is not in the export")
        elif _root(event, seal) != seal.root:
            yield Flaw(f"position {event.position}", "the row is not what was sealed there")


def _root(event: Proven, seal: Seal) -> Hash | None:
    own = row_hash(event.position, event.stream.bytes, event.version, event.topic, event.state)
    return root_by(own, event.index, seal.count, event.path)


def _holes(proof: Proof) -> Iterator[Flaw]:
    versions: dict[UUID, list[int]] = {}
    for event in proof.events:
        versions.setdefault(event.stream, []).append(event.version)
    for stream, found in versions.items():
        missing = sorted(set(range(1, max(found) + 1)) - set(found))
        if missing:
            yield Flaw(f"stream {stream}", f"version {missing[0]} is missing")


def _covering(seals: Sequence[Seal], position: int) -> Seal | None:
    index = bisect_right(seals, position, key=lambda seal: seal.first)
    found = seals[index - 1] if index else None
    return found if found is not None and position <= found.last else None
