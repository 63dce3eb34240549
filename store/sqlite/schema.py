"""The tables of the embedded store, and the number that says which shape they have."""

VERSION = 1

EVENTS = "events"

TABLES = (
    # AUTOINCREMENT: a position is never given twice, whatever is deleted.
    f"""CREATE TABLE IF NOT EXISTS {EVENTS} (
        position INTEGER PRIMARY KEY AUTOINCREMENT,
        originator_id BLOB NOT NULL,
        originator_version INTEGER NOT NULL,
        topic TEXT NOT NULL,
        state BLOB NOT NULL,
        UNIQUE (originator_id, originator_version))""",
    """CREATE TABLE IF NOT EXISTS directory (
        kind TEXT NOT NULL,
        value TEXT NOT NULL,
        profile_id BLOB NOT NULL,
        owner TEXT,
        PRIMARY KEY (kind, value)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS keys (
        profile_id BLOB PRIMARY KEY,
        wrapped BLOB NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS snapshots (
        profile_id BLOB PRIMARY KEY,
        version INTEGER NOT NULL,
        state BLOB NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS books (
        link TEXT PRIMARY KEY,
        version INTEGER NOT NULL,
        book BLOB NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS leases (
        name TEXT PRIMARY KEY,
        epoch INTEGER NOT NULL,
        owner TEXT NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS tallies (
        host TEXT NOT NULL,
        name TEXT NOT NULL,
        count INTEGER NOT NULL,
        PRIMARY KEY (host, name)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS meta (
        name TEXT PRIMARY KEY,
        value BLOB NOT NULL) WITHOUT ROWID""",
)
