"""Column types that compare alike in SQLite and PostgreSQL, and what may be kept in them."""

from sqlalchemy import BigInteger, Column, Text
from sqlalchemy.types import TypeEngine

from domain.identifiers import ProfileId

TEXT: TypeEngine[str] = Text().with_variant(Text(collation="C"), "postgresql")
"""Text in the order of its code points, so that a prefix is a range in both databases."""

COMPARED = 256
"""Characters of a text that are indexed: a database's index entry has a size limit."""


def key(name: str) -> Column[str]:
    """Make a text column of a primary key."""
    return Column(name, TEXT, primary_key=True)


def text(name: str) -> Column[str]:
    """Make a text column that is always filled."""
    return Column(name, TEXT, nullable=False)


def optional_text(name: str) -> Column[str | None]:
    """Make a text column that may be empty."""
    return Column(name, TEXT)


def whole(name: str) -> Column[int]:
    """Make a column of integers: instants, days, counts, versions, positions."""
    return Column(name, BigInteger, nullable=False)


def whole_key(name: str) -> Column[int]:
    """Make an integer column of a primary key; the number comes from the log, not the table."""
    return Column(name, BigInteger, primary_key=True, autoincrement=False)


def profile_key(profile_id: ProfileId) -> str:
    """Write a profile id as rows hold it: they are born in this order."""
    return profile_id.hex


def storable(value: str, length: int | None = None) -> str:
    """Cut a text to a length and replace NUL, which PostgreSQL cannot hold."""
    cut = value if length is None else value[:length]
    return cut.replace("\x00", "\ufffd") if "\x00" in cut else cut
