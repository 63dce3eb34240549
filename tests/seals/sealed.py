"""A sealed log in a folder, and hands that alter it with SQL."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

from store.seals import Ledger, seal_up_to_now, signing_key
from store.seals.exporting import Export, exported
from store.seals.opening import open_log
from store.seals.seal import Seal
from store.seals.sealing import Log
from store.seals.verifying import Finding, Verdict, verify
from tests.actors.deployment import Deployment, batches, send
from tests.controls.calls import identify, page
from tests.controls.times import MINUTE, day

ROWS = 3_250
TIMES = count(day(20), MINUTE)


def made(folder: Path) -> None:
    """Write a customer of 20 visitors and a crowd, and seal all full blocks."""
    deployment = Deployment(folder)
    calls = [page(uid=f"u{n}", at=day(1) + n) for n in range(20)]
    calls += [page(uid=f"other{n}", at=day(2) + n) for n in range(1_400)]
    send(deployment.hosts[0], *calls)
    send(deployment.hosts[0], *(identify(f"u{n}", "c1", at=day(3)) for n in range(20)))
    left = ROWS - deployment.stats()["position"]
    late = [page(uid=f"other{n}", at=day(4) + n) for n in range(left)]
    for batch in batches(late, 100):
        send(deployment.hosts[0], *batch)
    assert deployment.stats()["position"] == ROWS
    deployment.close()
    assert Sealed(folder).seal() == 3_000


class Sealed:
    """One folder with a log and its seals."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def seal(self, *, partial: bool = False) -> int:
        """Seal what there is, and count the rows."""
        with self.opened() as (log, ledger):
            key = signing_key(self.folder, {}, may_create=True)
            return seal_up_to_now(log, ledger, key, lambda: next(TIMES), partial=partial)

    def verify(self, against: Sequence[Seal] = ()) -> Verdict:
        """Verify all of it."""
        key = signing_key(self.folder, {}, may_create=False).public_key()
        with self.opened() as (log, ledger):
            return verify(log, ledger, key, against)

    def findings(self, against: Sequence[Seal] = ()) -> list[Finding]:
        """List what is found wrong."""
        return self.verify(against).findings

    def export(self) -> Export:
        """Give what is exported."""
        with self.opened() as (_, ledger):
            key = signing_key(self.folder, {}, may_create=False)
            return exported(ledger, key.public_key())

    def alter(self, statement: str, *params: object, file: str = "onefold.db") -> None:
        """Do something to a file by hand."""
        with closing(sqlite3.connect(self.folder / file)) as database, database:
            assert database.execute(statement, params).rowcount > 0

    def row(self, position: int) -> dict[str, Any]:
        """Look at one row of the log."""
        with closing(sqlite3.connect(self.folder / "onefold.db")) as database:
            database.row_factory = sqlite3.Row
            query = "SELECT * FROM events WHERE position = ?"
            return dict(database.execute(query, (position,)).fetchone())

    def stream(self, position: int) -> str:
        """Name the stream of one row."""
        return str(UUID(bytes=self.row(position)["originator_id"]))

    @contextmanager
    def opened(self) -> Iterator[tuple[Log, Ledger]]:
        """Open the log and the seals, without the master key."""
        log, ledger = open_log(self.folder, {}), Ledger(self.folder)
        try:
            yield log, ledger
        finally:
            ledger.close()
            log.close()
