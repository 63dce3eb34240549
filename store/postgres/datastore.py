"""The event library's datastore, on our connections."""

from typing import Any, cast

from eventsourcing.postgres import PostgresDatastore

from store.postgres.connections import Connections
from store.postgres.schema import SCHEMA


class Datastore(PostgresDatastore):
    """Reaches one database by its address; connects when first asked, not before.

    The library's "DB functions" mode stays off: it takes no lock, and readers lose events.
    """

    def __init__(self, conninfo: str, synchronous: str = "full") -> None:
        super().__init__(dbname="", host="", port="", user="", password="", schema=SCHEMA)
        self.connections = Connections(conninfo, synchronous)
        self.pool = cast("Any", self.connections)

    def register_type_adapters(self) -> None:
        """Register nothing: events go in as four plain arrays."""
