"""The database of the views: opened by many, gone and back at any time."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from sqlalchemy import Connection, Engine


class Home(Protocol):
    """Where the views' tables are: a file in the data folder, or a schema beside the log."""

    @property
    def name(self) -> str:
        """Name it, for people."""

    @property
    def reading(self) -> Mapping[str, Any]:
        """Give the execution options of a connection that only reads, all of it at one moment."""

    def create(self) -> bool:
        """Make it with its tables unless it is there; tells whether it was made."""

    def engine(self) -> Engine:
        """Give the engine; raises `ViewsMissing` where it is known that there is nothing."""

    def close(self) -> None:
        """Close every connection."""


class ViewDatabase:
    """Gives transactions on the views' tables, whichever they are by now.

    Every use raises `ViewsMissing` while there are none.
    """

    def __init__(self, home: Home) -> None:
        self._home = home

    @property
    def name(self) -> str:
        """Name it, for people."""
        return self._home.name

    def create(self) -> bool:
        """Make the database unless it is there; tells whether it was made."""
        return self._home.create()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give one write transaction: committed at the end, rolled back on an exception."""
        with self._home.engine().begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give one read transaction: everything in it is of one moment."""
        with self._home.engine().connect().execution_options(**self._home.reading) as connection:
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self._home.close()
