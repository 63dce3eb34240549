"""What can go wrong between a profile and its stream."""

from pathlib import Path


class StoreError(Exception):
    """Base of all that the store reports."""


class Conflict(StoreError):
    """Somebody else wrote first: read again, decide again (rule S3)."""

    def __init__(self, what: str) -> None:
        super().__init__(f"Expected to be the only writer, but {what}")
        self.what = what


class Fenced(StoreError):
    """Another incarnation has taken the lease: this one must not write any more."""

    def __init__(self, name: str, epoch: int, current: int) -> None:
        super().__init__(f"Expected lease {name!r} at epoch {epoch}, found epoch {current}")
        self.name = name
        self.epoch = epoch
        self.current = current


class StoreUnavailable(StoreError):
    """The database cannot be written or read now; nothing was stored."""

    def __init__(self, why: str) -> None:
        super().__init__(f"The store did not take the write: {why}")
        self.why = why


class StoreUnreachable(StoreUnavailable):
    """No connection to the database."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(why)
        self.args = (f"Expected a PostgreSQL server at {where}, but {why}",)


class StoreInUse(StoreError):
    """Another process works on this data folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"The store in {folder} is in use by another Onefold; stop that one first")
        self.folder = folder


class StoreMissing(StoreError):
    """There is no store where one was expected."""

    def __init__(self, folder: Path | str) -> None:
        super().__init__(f"Expected a store in {folder}, found none; `onefold serve` makes one")
        self.folder = folder


class NewerSchema(StoreError):
    """The store was written by a newer Onefold."""

    def __init__(self, where: Path | str, found: int, known: int) -> None:
        super().__init__(
            f"The store in {where} has schema {found}, this Onefold knows {known}: "
            "start it with the newer version that wrote it"
        )
        self.found = found
        self.known = known


class OlderSchema(StoreError):
    """The store was written by an older Onefold, and nobody has migrated it."""

    def __init__(self, where: str, found: int, known: int) -> None:
        super().__init__(
            f"The store in {where} has schema {found}, this Onefold needs {known}: "
            "stop the older one, then `onefold store migrate`"
        )
        self.found = found
        self.known = known


class SchemaMissing(StoreError):
    """A database without our tables."""

    def __init__(self, where: str) -> None:
        super().__init__(
            f"Expected the tables of Onefold in {where}, found none; "
            "`onefold store migrate` makes them"
        )
        self.where = where


class UnfitDatabase(StoreError):
    """A database that Onefold cannot or must not work in."""

    def __init__(self, where: str, expected: str, found: str) -> None:
        super().__init__(f"Expected {expected} in {where}, found {found}")
        self.where = where


class BadAddress(StoreError):
    """A text that is no address of a database; never shown, there may be a password in it."""

    def __init__(self) -> None:
        super().__init__(
            "Expected `sqlite` or an address like postgresql://user@host:5432/name as the store, "
            "found something else; % and @ inside a password are written %25 and %40"
        )


class DatabaseInUse(StoreError):
    """Another deployment works on this database."""

    def __init__(self, where: str, holder: str) -> None:
        super().__init__(
            f"The store in {where} is in use by another Onefold ({holder}); stop that one first, "
            "or, if it is lost, `onefold store release`"
        )
        self.holder = holder


class MissingMasterKey(StoreError):
    """A store exists, but the key that opens it does not."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"Expected the master key in {path} or in ONEFOLD_MASTER_KEY, found neither; "
            "without it the profiles of this store cannot be read, and no new key is made"
        )
        self.path = path


class WrongMasterKey(StoreError):
    """The master key does not open this store."""

    def __init__(self, origin: str) -> None:
        super().__init__(f"The master key from {origin} does not open this store")
        self.origin = origin


class BadMasterKey(StoreError):
    """A text that is no master key."""

    def __init__(self, origin: str) -> None:
        super().__init__(f"Expected 32 bytes in base64 in {origin} as the master key")
        self.origin = origin


class UnknownTopic(StoreError):
    """A stored event that this Onefold has no name for."""

    def __init__(self, topic: str) -> None:
        super().__init__(f"Expected a topic of this version's registry, found {topic!r}")
        self.topic = topic


class KeyMissing(StoreError):
    """The data key of a profile is gone: its events cannot be read (rule E1)."""

    def __init__(self, profile_id: object) -> None:
        super().__init__(f"Expected a data key for profile {profile_id}, found none")
        self.profile_id = profile_id


class Tampered(StoreError):
    """Stored bytes that do not open with their profile's key in their place."""

    def __init__(self, profile_id: object, version: int, topic: str) -> None:
        super().__init__(f"Event {version} ({topic}) of profile {profile_id} was altered or moved")
        self.profile_id = profile_id
        self.version = version
        self.topic = topic
