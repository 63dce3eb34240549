"""The embedded store: one SQLite file, for one machine."""

from store.sqlite.backend import SqliteBackend

__all__ = ["SqliteBackend"]
