"""How far each generation of a view is, written in the transaction of its rows."""

from eventsourcing.persistence import IntegrityError, Tracking, TrackingRecorder
from sqlalchemy import Connection, exc, insert, select, update

from store.views.database import ViewDatabase
from store.views.errors import OutOfStep
from store.views.schema import TRACKING

_c = TRACKING.c


def position(connection: Connection, generation: str) -> int | None:
    """Tell up to where a generation has folded the log; None when nothing is known of it."""
    at: int | None = connection.execute(
        select(_c.notification_id).where(_c.application_name == generation)
    ).scalar()
    return at


def advance(connection: Connection, generation: str, before: int, after: int) -> None:
    """Move on from a position; raises `OutOfStep` when the generation is not there."""
    moved = connection.execute(
        update(TRACKING)
        .where(_c.application_name == generation, _c.notification_id == before)
        .values(notification_id=after)
    )
    if moved.rowcount != 1:
        raise OutOfStep(generation, f"it is not at position {before:,}")


def start(connection: Connection, generation: str, at: int) -> None:
    """Write down where a generation starts to follow the log."""
    row = {"application_name": generation, "notification_id": at}
    connection.execute(insert(TRACKING).values(row))


class ViewTracking(TrackingRecorder):
    """The library's contract over the same table: positions only grow."""

    def __init__(self, database: ViewDatabase) -> None:
        self._database = database

    def insert_tracking(self, tracking: Tracking) -> None:
        """Record a position; raises `IntegrityError` when it is not beyond the recorded one."""
        name, at = tracking.application_name, tracking.notification_id
        try:
            with self._database.writing() as connection:
                grown = (
                    update(TRACKING)
                    .where(_c.application_name == name, _c.notification_id < at)
                    .values(notification_id=at)
                )
                if connection.execute(grown).rowcount == 0:
                    start(connection, name, at)
        except exc.IntegrityError as error:
            raise IntegrityError(str(error)) from error

    def max_tracking_id(self, application_name: str) -> int | None:
        """Give the recorded position."""
        with self._database.reading() as connection:
            return position(connection, application_name)
