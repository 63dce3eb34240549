"""The store on PostgreSQL: one database for the hosts of a whole cluster."""

from store.postgres.backend import PostgresBackend
from store.postgres.schema import migrate

__all__ = ["PostgresBackend", "migrate"]
