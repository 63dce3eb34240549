"""A typed reference to a host that runs as a Ray actor."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from actors.configured_ray import ray
from actors.errors import HostUnreachable
from actors.parcels import Question

ANSWER_WITHIN = 10.0
"""Seconds after which a call counts as unanswered: perhaps done, never surely not."""


class RayHostRef:
    """Speaks to the actor of one name; finds it again when it was made anew."""

    def __init__(self, name: str, namespace: str) -> None:
        self._name = name
        self._namespace = namespace
        self._handle: Any = None  # a handle has no type that knows its methods

    async def handle(self, batch: bytes) -> bytes:
        """See `ProfileHost.handle`; raises `HostUnreachable`."""
        answer: bytes = await self._ask(lambda host: host.handle.remote(batch))
        return answer

    async def read(self, question: Question) -> tuple[str | None, bytes | None]:
        """See `ProfileHost.read`; raises `HostUnreachable`."""
        answer: tuple[str | None, bytes | None] = await self._ask(
            lambda host: host.read.remote(question)
        )
        return answer

    async def _ask(self, call: Callable[[Any], Awaitable[Any]]) -> Any:
        try:
            if self._handle is None:
                self._handle = ray.get_actor(self._name, self._namespace)
            return await asyncio.wait_for(call(self._handle), ANSWER_WITHIN)
        except ray.exceptions.ActorDiedError as error:
            self._handle = None
            raise HostUnreachable(self._name, "its actor died for good") from error
        except (ray.exceptions.RayError, TimeoutError, ValueError) as error:
            why = str(error).strip().partition("\n")[0] or type(error).__name__
            raise HostUnreachable(self._name, why) from error
