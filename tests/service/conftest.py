"""An app over a desk in memory."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.service.desk import MemoryDesk, client_of


@pytest.fixture
def desk() -> MemoryDesk:
    """Give an empty desk."""
    return MemoryDesk()


@pytest.fixture
async def client(desk: MemoryDesk) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of an app over that desk."""
    async with client_of(desk) as found:
        yield found
