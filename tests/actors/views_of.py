"""A deployment with views: what tests of projectors and rebuilds ask of it."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from actors.ports import Projection
from actors.projector import Projector
from actors.replaying import Site
from domain.commands import AnyCommand
from store.views.database import DATABASE, ViewDatabase
from store.views.dead_letters import DeadLetter, letters
from store.views.generations import Generation, generations
from tests.actors.counting import Counting
from tests.actors.deployment import Deployment, batches, send
from tests.controls.calls import identify, track


class Watched:
    """A deployment of one host, its view database, and a projector that is stepped by hand."""

    def __init__(self, deployment: Deployment, *projections: Projection, page: int = 50) -> None:
        self.deployment = deployment
        self.folder = deployment.folder
        self.projections = projections or (Counting(),)
        self.site = Site(self.folder, self.folder / DATABASE, "normal")
        self.database = ViewDatabase(self.folder / DATABASE)
        self._page = page
        self._projectors: list[Projector] = []

    def projector(self, *projections: Projection, page: int | None = None) -> Projector:
        """Start one more projector, knowing nothing but the databases."""
        projector = Projector(
            self.deployment.store(),
            ViewDatabase(self.folder / DATABASE),
            projections or self.projections,
            page=page or self._page,
        )
        projector.start()
        self._projectors.append(projector)
        return projector

    def send(self, *commands: AnyCommand, size: int = 20) -> None:
        """Have calls applied in batches."""
        for batch in batches(commands, size):
            send(self.deployment.hosts[0], *batch)

    def send_shop(self, people: int, calls: int = 5, prefix: str = "u") -> None:
        """Send the calls of some people; every third one identifies at the end."""
        sent: list[AnyCommand] = []
        for person in range(people):
            uid = f"{prefix}{person}"
            sent += [track(f"Event {n % 3}", uid=uid) for n in range(calls)]
            if person % 3 == 0:
                sent.append(identify(uid, f"c{prefix}{person}", attributes={"n": person}))
        self.send(*sent)

    def position(self) -> int:
        """Tell where the log is."""
        return self.deployment.stats()["position"]

    def generations(self, name: str = "counting") -> list[Generation]:
        """List what there is of a view."""
        with self.database.reading() as connection:
            return generations(connection, name)

    def live(self, name: str = "counting") -> Generation:
        """Give the live generation."""
        return next(g for g in self.generations(name) if g.state == "live")

    def letters(self) -> list[DeadLetter]:
        """List the parked streams."""
        with self.database.reading() as connection:
            return letters(connection)

    def streams(self, generation: Generation | None = None) -> dict[Any, tuple[int, int]]:
        """Give each stream's events and version, as the view has it."""
        prefix = (generation or self.live()).prefix
        return {row[0]: (row[1], row[2]) for row in self.rows(f"{prefix}streams")}

    def names(self, generation: Generation | None = None) -> dict[str, int]:
        """Give the activities by name, as the view has them."""
        prefix = (generation or self.live()).prefix
        return dict(self.rows(f"{prefix}names"))

    def true_streams(self) -> dict[str, tuple[int, int]]:
        """Give each stream's events and version, straight from the log."""
        return {
            row[0].hex(): (row[1], row[2])
            for row in self._query(
                "onefold.db",
                "SELECT originator_id, COUNT(*), MAX(originator_version) FROM events GROUP BY 1",
            )
        }

    def rows(self, table: str) -> list[Any]:
        """Read a table of the view database."""
        return list(self._query(DATABASE, f"SELECT * FROM {table} ORDER BY 1"))  # noqa: S608 - a name of ours

    def execute(self, file: str, statement: str, *params: object) -> int:
        """Change a database behind everybody's back."""
        with closing(sqlite3.connect(self.folder / file)) as connection, connection:
            return connection.execute(statement, params).rowcount

    def close(self) -> None:
        """Close every connection."""
        for projector in self._projectors:
            projector.close()
        self.database.close()

    def _query(self, file: str, statement: str) -> Sequence[Any]:
        with closing(sqlite3.connect(self.folder / file)) as connection:
            return connection.execute(statement).fetchall()


def run(projector: Projector) -> int:
    """Step until there is nothing to do; tells how many steps did something."""
    steps = 0
    while projector.step():
        steps += 1
    return steps
