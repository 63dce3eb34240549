"""Calls going through Segment's own Python client, as it is published."""

import logging
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from segment.analytics import Client

from scripts.demo_shop import ShopCall

FLUSH_EVERY = 1_000
"""Calls between two looks at what the client could not deliver."""


class NotDelivered(Exception):
    """The client gave up on calls."""

    def __init__(self, calls: int, why: str) -> None:
        super().__init__(f"Expected every call to be delivered, but {calls} were not: {why}")
        self.calls = calls
        self.why = why


def deliver(
    calls: Iterable[ShopCall], url: str, write_key: str, delivered: Callable[[int], None]
) -> None:
    """Send calls in order and return when each was answered with success.

    `delivered` hears how many more have been. Raises `NotDelivered`.
    """
    logging.getLogger("segment").addHandler(logging.NullHandler())  # `failed` tells it all
    failed: list[NotDelivered] = []

    def note(error: Exception, batch: list[Any]) -> None:
        failed.append(NotDelivered(len(batch), str(error)))

    client = Client(write_key, host=url, on_error=note, max_retries=3, proxies={"http": ""})
    try:
        for some in _portions(calls):
            for call in some:
                _queue(client, call)
            client.flush()
            if failed:
                raise failed[0]
            delivered(len(some))
    finally:
        client.join()


def _portions(calls: Iterable[ShopCall]) -> Iterator[list[ShopCall]]:
    remaining = iter(calls)
    while some := list(islice(remaining, FLUSH_EVERY)):
        yield some


def _queue(client: Client, call: ShopCall) -> None:
    common = {
        "user_id": call.cid,
        "anonymous_id": call.uid,
        "timestamp": call.timestamp,
        "message_id": call.message_id,
    }
    if call.event is None:
        is_queued, _ = client.identify(traits=call.carried, **common)
    else:
        is_queued, _ = client.track(event=call.event, properties=call.carried, **common)
    if not is_queued:
        raise NotDelivered(1, "the client's queue is full")
