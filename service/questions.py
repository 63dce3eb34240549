"""Asking the views: on threads of their own, and after they have come as far as is asked."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Annotated, Protocol, TypeVar

from litestar.params import QueryParameter

from projections.queries.snapshot import Snapshot

T = TypeVar("T")

THREADS = 2
"""Questions answered at the same time; further ones wait, and calls do not wait for them."""

WaitFor = Annotated[
    int | None,
    QueryParameter(
        ge=0,
        le=2**63 - 1,
        description="Answer once the views have this position of the log, or 504.",
    ),
]
WaitSeconds = Annotated[float, QueryParameter(ge=0, le=30, description="How long to wait.")]
Cursor = Annotated[str | None, QueryParameter(description="The `next` of an earlier page.")]
AsOf = Annotated[
    str | None,
    QueryParameter(description="RFC 3339: only the calls that had occurred by this moment."),
]
AsKnownAt = Annotated[
    str | None,
    QueryParameter(description="RFC 3339: only the events that were recorded by this moment."),
]


class ViewReader(Protocol):
    """Where the views can be read; `store.views.reader.Views` is one."""

    def reading(self, *names: str) -> AbstractContextManager[Snapshot]:
        """Give one consistent moment of some views; raises `ViewsUnavailable`."""

    async def wait(self, position: int, names: Sequence[str], timeout: float) -> None:  # noqa: ASYNC109 - what a client asks for
        """Return when these views have a position; raises `ViewsBehind`."""


class Questions:
    """Asks the views."""

    def __init__(self, views: ViewReader) -> None:
        self._views = views
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="views")

    async def ask(
        self,
        names: Sequence[str],
        question: Callable[[Snapshot], T],
        wait_for: int | None = None,
        wait_seconds: float = 5.0,
    ) -> tuple[T, int]:
        """Give the answer, and the position of the log that it holds for."""
        if wait_for is not None:
            await self._views.wait(wait_for, names, wait_seconds)

        def asked() -> tuple[T, int]:
            with self._views.reading(*names) as snapshot:
                return question(snapshot), min(map(snapshot.position, names))

        return await asyncio.get_running_loop().run_in_executor(self._threads, asked)
