"""The tables of one generation of a view, and the fold over them."""

from sqlalchemy import Connection, MetaData, exc

from actors.ports import Fold, Projection
from store.archive import Store
from store.errors import StoreUnavailable
from store.views import generations
from store.views.errors import OutOfStep, ViewsUnavailable
from store.views.generations import Generation, State

NOT_THE_EVENT = (StoreUnavailable, ViewsUnavailable, OutOfStep, exc.OperationalError)
"""What can go wrong while an event is folded without any fault of the event."""


def declared(projection: Projection, prefix: str) -> MetaData:
    """Describe the tables of a generation."""
    metadata = MetaData()
    projection.declare(metadata, prefix)
    return metadata


def opened(projection: Projection, generation: Generation, store: Store) -> Fold:
    """Start folding into a generation's tables."""
    metadata = declared(projection, generation.prefix)
    return projection.open(metadata, generation.prefix, store.profile)


def made(
    connection: Connection,
    projection: Projection,
    state: State,
    *,
    replays_to: int = 0,
    complete_at: int = 0,
) -> Generation:
    """Make the next generation of a view, with its tables."""
    generation = generations.add(
        connection,
        projection.name,
        projection.version,
        state,
        replays_to=replays_to,
        complete_at=complete_at,
    )
    declared(projection, generation.prefix).create_all(connection)
    return generation
