"""Where a question is asked: one moment of the views, and the names of their tables in it."""

from functools import lru_cache
from typing import Protocol

from sqlalchemy import Connection, MetaData, Table

from projections.activities import ActivityTables, activity_tables
from projections.identities import IdentityTables, identity_tables
from projections.profiles import ProfileTables, profile_tables
from projections.rejections import RejectionTables, rejection_tables
from projections.sessions import session_table


class Snapshot(Protocol):
    """A consistent look at some views."""

    @property
    def connection(self) -> Connection:
        """A connection inside a transaction that reads."""

    def prefix(self, view: str) -> str:
        """Give the prefix of a view's tables."""

    def position(self, view: str) -> int:
        """Tell up to which position of the log the view has come."""


def profiles_in(snapshot: Snapshot) -> ProfileTables:
    """Give the tables of the view `profiles`."""
    return _profiles(snapshot.prefix("profiles"))


def identities_in(snapshot: Snapshot) -> IdentityTables:
    """Give the tables of the view `identities`."""
    return _identities(snapshot.prefix("identities"))


def sessions_in(snapshot: Snapshot) -> Table:
    """Give the table of the view `sessions`."""
    return _sessions(snapshot.prefix("sessions"))


def activities_in(snapshot: Snapshot) -> ActivityTables:
    """Give the tables of the view `activities`."""
    return _activities(snapshot.prefix("activities"))


def rejections_in(snapshot: Snapshot) -> RejectionTables:
    """Give the tables of the view `rejections`."""
    return _rejections(snapshot.prefix("rejections"))


# The same table objects for the same prefix: SQLAlchemy then knows a statement again.


@lru_cache
def _profiles(prefix: str) -> ProfileTables:
    return profile_tables(MetaData(), prefix)


@lru_cache
def _identities(prefix: str) -> IdentityTables:
    return identity_tables(MetaData(), prefix)


@lru_cache
def _sessions(prefix: str) -> Table:
    return session_table(MetaData(), prefix)


@lru_cache
def _activities(prefix: str) -> ActivityTables:
    return activity_tables(MetaData(), prefix)


@lru_cache
def _rejections(prefix: str) -> RejectionTables:
    return rejection_tables(MetaData(), prefix)
