"""What the HTTP side asks of the hosts."""

from collections.abc import Sequence
from typing import Any, Literal, Protocol

from domain.commands import AnyCommand
from domain.document import Document
from domain.history import Stretch
from domain.person import Then

Kind = Literal["customer", "visitor"]


class Answer(Protocol):
    """All commands of a request are durable: the log's position, how many were known already."""

    @property
    def position(self) -> int:
        """Where the log is, the commands included."""

    @property
    def duplicates(self) -> int:
        """How many calls had been applied before and changed nothing."""

    @property
    def rejected(self) -> list[int]:
        """The places of calls that could not be decided; they are kept as rejected."""


class Desk(Protocol):
    """Takes commands and questions; `actors.router.Router` does, and tests have their own.

    Every method may raise `actors.errors.Unavailable`.
    """

    async def submit(self, commands: Sequence[AnyCommand], /) -> Answer:
        """Have commands applied, each exactly once; returns when all are durable.

        Raises `Overloaded` with nothing taken.
        """

    async def customer(self, cid: str, /) -> Document | None:
        """Give a customer's profile; None for one never named."""

    async def visitor(self, uid: str, /) -> Document | None:
        """Give a visitor's profile; a folded UID gives its customer's, with `folded_from`."""

    async def timeline(
        self, kind: Kind, value: str, limit: int, before: str | None, then: Then, /
    ) -> dict[str, Any] | None:
        """Give `{"activities": newest first, "next": cursor or None}`; None: unknown.

        Raises `BadCursor` for a `before` that no page gave out.
        """

    async def past(self, kind: Kind, value: str, then: Then, /) -> Document | None:
        """Give a profile of the past; None when it did not exist then."""

    async def history(self, kind: Kind, value: str, stretch: Stretch, /) -> dict[str, Any] | None:
        """Give `{"events": [...], "next": position or None}`; None: unknown."""

    async def explain(
        self, kind: Kind, value: str, attribute: str, then: Then, /
    ) -> dict[str, Any] | None:
        """Tell why an attribute has its value; None: unknown profile.

        Raises `UnknownAttribute` for one that was never written.
        """

    async def identities(self, kind: Kind, value: str, then: Then, /) -> dict[str, Any] | None:
        """Tell why the UIDs of a profile are together; None: unknown."""

    async def stats(self) -> dict[str, int]:
        """Give the counters of the deployment."""

    async def ready(self) -> bool:
        """Tell whether calls can be taken now."""
