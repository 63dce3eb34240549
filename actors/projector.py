"""The projector: runs several projections side by side on the same opened pages of the log.

A plain class; what runs it is in `actors.projecting`.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic

import structlog
from sqlalchemy import exc

from actors.followed import Followed
from actors.following import Follower, Item, in_order, position_of
from actors.ports import Projection
from actors.tables import made
from store.archive import Store
from store.errors import StoreError
from store.log import LogPage
from store.views import generations
from store.views.database import ViewDatabase
from store.views.errors import OutOfStep
from store.views.generations import Generation, by_name

PAGE = 10_000
"""Events opened together; also how many may be folded twice when a process is killed: none of
them counts twice, for rows and position are one transaction."""

LOOK_AGAIN = 1.0
"""Seconds after which the list of generations is read again, and a failed view tried again."""

TELL_EVERY = 2.0
"""Seconds between two reports of a view's rate."""

SMOOTHING = 0.2

log = structlog.get_logger()


class _View:
    """A view, who follows it, and how that goes."""

    def __init__(self, projection: Projection) -> None:
        self.projection = projection
        self.follower: Follower | None = None
        self.trouble: str | None = None
        self.rate = 0.0
        self.wait_until = 0.0
        self.told_at = 0.0


class Projector:
    """Keeps the live views of some projections up with the log.

    `now` gives seconds that only grow.
    """

    def __init__(
        self,
        store: Store,
        database: ViewDatabase,
        projections: Sequence[Projection],
        *,
        page: int = PAGE,
        now: Callable[[], float] = monotonic,
    ) -> None:
        self._store = store
        self._database = database
        self._views = [_View(projection) for projection in projections]
        self._page = page
        self._now = now
        self._looked_at = float("-inf")
        self._log_position = 0

    def start(self) -> None:
        """Make the database and the views that were never made; what is there is left alone."""
        if self._database.create():
            log.info("made the view database", where=self._database.name)
        self._log_position = self._store.backend.position()
        with self._database.writing() as connection:
            known = by_name(generations.generations(connection))
            for view in self._views:
                if view.projection.name not in known:
                    made(connection, view.projection, "live", complete_at=self._log_position)
        self._look()

    def step(self) -> bool:
        """Fold a page into every view that is behind; False when there is nothing to do.

        Views at one position share the opened page. What goes wrong with one view is kept as
        its trouble and tried again later; the others go on.
        """
        if self._now() - self._looked_at > LOOK_AGAIN:
            self._look()
        moved = False
        ahead: int | None = None
        for position, views in sorted(self._groups().items(), reverse=True):
            moved = self._moved(position, ahead, views) or moved
            ahead = position
        return moved

    @property
    def behind(self) -> int:
        """How many positions of the log as it last was some view does not have."""
        at = [view.follower.position for view in self._views if view.follower is not None]
        return self._log_position - min(at, default=self._log_position)

    def info(self) -> list[Followed]:
        """Tell how each view gets on; touches no database."""
        return [self._told(view) for view in self._views]

    def close(self) -> None:
        """Let go of both databases."""
        self._store.backend.close()
        self._database.close()

    def _groups(self) -> dict[int, list[_View]]:
        groups: dict[int, list[_View]] = {}
        for view in self._views:
            if view.follower is not None and view.wait_until <= self._now():
                groups.setdefault(view.follower.position, []).append(view)
        return groups

    def _moved(self, position: int, ahead: int | None, views: list[_View]) -> bool:
        """Give these views the next page, cut where others are already: they meet there."""
        begun = self._now()
        page = self._store.page(position, self._page)
        if page.last is None:
            self._log_position = max(self._log_position, position)
            return False
        end = page.last[0] if ahead is None else min(page.last[0], ahead)
        items = [item for item in in_order(page) if position_of(item) <= end]
        self._log_position = max(self._log_position, self._head(page, page.last[0]))
        reading = self._now() - begun
        for view in views:
            self._give(view, items, end, reading)
        return True

    def _head(self, page: LogPage, last: int) -> int:
        """Tell where the log ends; a full page leaves that open."""
        is_full = page.size >= self._page
        return self._store.backend.position() if is_full else last

    def _give(self, view: _View, items: list[Item], end: int, reading: float) -> None:
        follower = view.follower
        assert follower is not None
        begun = self._now()
        try:
            follower.take(items, end)
        except OutOfStep as error:
            log.info("left a generation", view=follower.generation.key, why=str(error))
            view.follower = None
            self._looked_at = float("-inf")
        except (StoreError, exc.SQLAlchemyError) as error:
            self._troubled(view, error)
        else:
            self._went_well(view, len(items) / max(self._now() - begun + reading, 1e-6))

    def _troubled(self, view: _View, error: Exception) -> None:
        why = str(error).strip().partition("\n")[0]
        if why != view.trouble:
            log.warning("a view could not be written", view=view.projection.name, why=why)
            if view.follower is not None:
                with suppress(StoreError, exc.SQLAlchemyError):
                    view.follower.tell(view.rate, why)
        view.trouble = why
        view.wait_until = self._now() + LOOK_AGAIN

    def _went_well(self, view: _View, rate: float) -> None:
        view.rate = rate if not view.rate else view.rate + SMOOTHING * (rate - view.rate)
        had_trouble, view.trouble = view.trouble is not None, None
        if had_trouble or self._now() - view.told_at > TELL_EVERY:
            view.told_at = self._now()
            assert view.follower is not None
            view.follower.tell(view.rate, None)

    def _look(self) -> None:
        """Find the generations to follow: the live ones that this code made."""
        self._looked_at = self._now()
        try:
            with self._database.reading() as connection:
                live = {
                    generation.name: generation
                    for generation in generations.generations(connection)
                    if generation.state == "live"
                }
        except (StoreError, exc.SQLAlchemyError) as error:
            for view in self._views:
                view.follower = None
                self._troubled(view, error)
            return
        for view in self._views:
            self._follow(view, live.get(view.projection.name))

    def _follow(self, view: _View, live: Generation | None) -> None:
        why = _no_use(view.projection, live)
        if live is None or why is not None:
            view.follower = None
            if why != view.trouble:
                log.warning("a view is not kept up", view=view.projection.name, why=why)
            view.trouble = why
            return
        at = view.follower
        if at is None or (at.generation.number, at.position) != (live.number, live.position):
            view.follower = Follower(view.projection, live, self._store, self._database)
            view.trouble = None
            log.info("follows a view", view=live.key, position=live.position)

    def _told(self, view: _View) -> Followed:
        follower = view.follower
        position = 0 if follower is None else follower.position
        return Followed(
            view.projection.name,
            0 if follower is None else follower.generation.number,
            position,
            max(0, self._log_position - position),
            round(view.rate, 1),
            view.trouble,
        )


def _no_use(projection: Projection, live: Generation | None) -> str | None:
    """Say why the live generation cannot be kept up; None when it can."""
    if live is None:
        return f"there is no live generation: `onefold projections rebuild {projection.name}`"
    if live.version != projection.version:
        return (
            f"generation {live.number} was made by version {live.version}, the code has "
            f"{projection.version}: `onefold projections rebuild {projection.name}`"
        )
    return None
