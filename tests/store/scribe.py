"""Writes what a world decides into a store as well, so that the two can be compared."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from domain.attributes import Policies
from domain.commands import AnyCommand
from domain.profile import Profile
from store.archive import Store
from store.folder import open_store, prepare
from tests.controls.world import Attempt, Who, World


class Scribe:
    """A world and a store that are told the same."""

    def __init__(self, store: Store, world: World | None = None) -> None:
        self.store = store
        self.world = world or World(store.policies)
        self.lease = store.backend.take_lease("host-0", "a test")
        self.book_versions: Counter[str] = Counter()

    def send(self, *commands: AnyCommand, batch: int = 1) -> int:
        """Decide and write commands in order, and give the position of the log."""
        for start in range(0, len(commands), batch):
            attempt = self.attempt(*commands[start : start + batch])
            self.commit(attempt)
            self.world.commit(attempt)
        return self.store.backend.position()

    def attempt(self, *commands: AnyCommand) -> Attempt:
        """Decide commands and write nothing."""
        attempt = self.world.attempt()
        for command in commands:
            attempt.do(command)
        return attempt

    def commit(self, attempt: Attempt) -> int:
        """Write what was decided into the store alone."""
        versions = {link: self.book_versions[link] for link in attempt.books}
        position = self.store.commit(self.lease, attempt, versions)
        self.book_versions.update(attempt.books.keys())
        return position

    def id_of(self, who: Who) -> UUID:
        """Give the stream of somebody."""
        return self.world.profile(who).id

    def stored(self, who: Who) -> Profile:
        """Recover somebody from the store."""
        return self.store.profile(self.id_of(who))


@contextmanager
def scribe(policies: Policies | None = None) -> Iterator[tuple[Scribe, Path]]:
    """Give a scribe with a folder of its own, gone when the block ends."""
    with TemporaryDirectory() as name:
        store = prepare(Path(name), {}, "normal", policies)
        try:
            yield Scribe(store), Path(name)
        finally:
            store.backend.close()


@contextmanager
def opened_again(folder: Path, policies: Policies | None = None) -> Iterator[Store]:
    """Open a folder's store once more, remembering nothing."""
    store = open_store(folder, {}, "normal", policies)
    try:
        yield store
    finally:
        store.backend.close()
