"""The tables that say which views there are and how far each one is."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    Uuid,
)

METADATA = MetaData()

VIEWS = Table(
    "views",
    METADATA,
    Column("name", String, primary_key=True),
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("replays_to", BigInteger, nullable=False),
    Column("complete_at", BigInteger, nullable=False),
    Column("touched", Integer, nullable=False),
    Column("rate", Float, nullable=False),
    Column("trouble", Text),
)

TRACKING = Table(
    "tracking",
    METADATA,
    Column("application_name", String, primary_key=True),
    Column("notification_id", BigInteger, nullable=False),
)

SLICES = Table(
    "slices",
    METADATA,
    Column("name", String, primary_key=True),
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at_stream", Uuid, nullable=False),
    Column("at_version", BigInteger, nullable=False),
    Column("end", Uuid),
    Column("events", BigInteger, nullable=False),
    Column("is_done", Boolean, nullable=False),
)

DEAD_LETTERS = Table(
    "dead_letters",
    METADATA,
    Column("name", String, primary_key=True),
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("stream", Uuid, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("topic", String, nullable=False),
    Column("error", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("waiting", BigInteger, nullable=False),
)

LEASES = Table(
    "leases",
    METADATA,
    Column("name", String, primary_key=True),
    Column("epoch", Integer, nullable=False),
    Column("owner", String, nullable=False),
    Column("machine", String, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("until", Float, nullable=False),
)
