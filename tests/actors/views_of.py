"""A deployment with views: what tests of projectors and rebuilds ask of it."""

import sqlite3
from collections import Counter
from contextlib import closing
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import text

from actors.ports import Projection
from actors.projector import Projector
from actors.replaying import Site
from domain.commands import AnyCommand
from store.folder import DATABASE
from store.location import address_in
from store.views.dead_letters import DeadLetter, letters
from store.views.generations import Generation, generations
from store.views.opening import open_views
from store.views.postgres import SCHEMA
from store.views.sqlite import FILE
from tests.actors.counting import Counting
from tests.actors.deployment import Deployment, batches, send
from tests.controls.calls import identify, track


class Watched:
    """A deployment of one host, its view database, and a projector that is stepped by hand."""

    def __init__(self, deployment: Deployment, *projections: Projection, page: int = 50) -> None:
        self.deployment = deployment
        self.folder = deployment.folder
        self.projections = projections or (Counting(),)
        self.site = Site(self.folder, "normal")
        self.database = open_views(self.folder, deployment.environ)
        self._page = page
        self._projectors: list[Projector] = []

    def projector(self, *projections: Projection, page: int | None = None) -> Projector:
        """Start one more projector, knowing nothing but the databases."""
        projector = Projector(
            self.deployment.store(),
            open_views(self.folder, self.deployment.environ),
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

    def streams(self, generation: Generation | None = None) -> dict[str, tuple[int, int]]:
        """Give each stream's events and version, as the view has it."""
        prefix = (generation or self.live()).prefix
        return {UUID(str(row[0])).hex: (row[1], row[2]) for row in self.rows(f"{prefix}streams")}

    def names(self, generation: Generation | None = None) -> dict[str, int]:
        """Give the activities by name, as the view has them."""
        prefix = (generation or self.live()).prefix
        return {row[0]: row[1] for row in self.rows(f"{prefix}names")}

    def true_streams(self) -> dict[str, tuple[int, int]]:
        """Give each stream's events and version, straight from the log."""
        rows = self.deployment.store().backend.page(0, 1_000_000)
        events = Counter(row[1] for row in rows)
        versions = {row[1]: row[2] for row in rows}
        return {stream.hex(): (events[stream], versions[stream]) for stream in events}

    def rows(self, table: str) -> list[Any]:
        """Read a table of the view database."""
        with self.database.reading() as connection:
            return list(connection.execute(text(f"SELECT * FROM {table} ORDER BY 1")))  # noqa: S608 - a name of ours

    def execute(self, statement: str) -> int:
        """Change the views behind everybody's back."""
        with self.database.writing() as connection:
            return connection.execute(text(statement)).rowcount

    def tamper(self, position: int) -> None:
        """Make nonsense of an event of the log."""
        address = address_in(self.deployment.environ)
        if address is None:
            with closing(sqlite3.connect(self.folder / DATABASE)) as file, file:
                file.execute("UPDATE events SET state = x'00' WHERE position = ?", (position,))
        else:
            with psycopg.connect(address) as database:
                nonsense = r"UPDATE onefold.events SET state = '\x00' WHERE notification_id = %s"
                database.execute(nonsense, (position,))

    def delete_views(self) -> None:
        """Delete the views as somebody might who is short of room."""
        if address_in(self.deployment.environ) is None:
            (self.folder / FILE).unlink()
        else:
            self.execute(f"DROP SCHEMA {SCHEMA} CASCADE")

    def close(self) -> None:
        """Close every connection."""
        for projector in self._projectors:
            projector.close()
        self.database.close()


def run(projector: Projector) -> int:
    """Step until there is nothing to do; tells how many steps did something."""
    steps = 0
    while projector.step():
        steps += 1
    return steps
