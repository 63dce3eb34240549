"""The host: decides for thousands of profiles, one batch and one transaction at a time.

A plain class; the Ray actor around it is in `actors.shells`. Its beats: find the profiles,
seen already?, decide, one transaction for the whole batch, take over meanwhile, then answer.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from time import time_ns
from uuid import UUID

import msgspec
import structlog
import uuid_utils.compat

from actors.live import LiveProfiles, Recent
from actors.parcels import (
    APPLIED,
    DUPLICATE,
    FAILED,
    REJECTED,
    UNAVAILABLE,
    Parcel,
    Question,
    Reply,
    Result,
    Turn,
    pack_reply,
    unpack_batch,
)
from actors.placement import Placement
from actors.slots import customer_key
from actors.undecidable import rejection_of
from domain.commands import Reject
from domain.document import document
from domain.draft import Draft
from domain.identification import Outcome, apply, reject, resolve
from domain.instants import Instant
from store.archive import Store
from store.backend import Lease
from store.errors import Conflict, Fenced, StoreUnavailable

ATTEMPTS = 8
"""How often one call is decided anew because somebody else wrote first (rule S3)."""

LANES = 1_000
"""Lanes whose last batch is remembered: one a gateway, and those of gateways that are gone."""

log = structlog.get_logger()


class ProfileHost:
    """Hosts the profiles of the slots that `placement` gives to its `name`.

    An old placement does no harm: calls take a detour, or are decided here. `now` gives
    microseconds, `mint` new ids: both come from outside so that tests can hold them still.
    """

    def __init__(  # noqa: PLR0913 - what it is, and what tests hold still
        self,
        store: Store,
        placement: Placement,
        *,
        name: str,
        owner: str,
        live_profiles: int,
        now: Callable[[], Instant] = lambda: time_ns() // 1_000,
        mint: Callable[[], UUID] = uuid_utils.compat.uuid7,
    ) -> None:
        self._store = store
        self._name = name
        self._owner = owner
        self._now = now
        self._live = LiveProfiles(store, live_profiles, mint)
        self._lease: Lease | None = None
        self._turns: Recent[int, int] = Recent(LANES)
        self._beside = ThreadPoolExecutor(1, "beside-commit")
        self._position = 0
        self.placement = placement
        self.is_fenced = False

    @property
    def epoch(self) -> int:
        """The lease epoch this host writes under."""
        return 0 if self._lease is None else self._lease.epoch

    @property
    def live(self) -> int:
        """How many profiles are in memory."""
        return len(self._live)

    def handle(self, batch: bytes) -> bytes:
        """Apply a batch of parcels and answer each of them, after the commit.

        One whose predecessor this incarnation has not taken is left, for it would overtake it.
        """
        told = unpack_batch(batch)
        if not self._is_due(told.turn):
            return pack_reply(Reply(self._position, [], is_taken=False))
        reply = self.take(told.parcels)
        if told.turn is not None:
            self._turns.put(told.turn.lane, told.turn.number)
        return pack_reply(reply)

    def take(self, parcels: list[Parcel]) -> Reply:
        """Apply parcels; see `handle`."""
        try:
            results = self._settled(parcels)
        except (Fenced, StoreUnavailable) as error:
            self.is_fenced = self.is_fenced or isinstance(error, Fenced)
            log.warning("a batch was not stored", host=self._name, why=str(error))
            results = [UNAVAILABLE] * len(parcels)
        return Reply(self._position, results)

    def read(self, question: Question) -> tuple[str | None, bytes | None]:
        """Answer a read with (CID to ask instead, document as JSON); both None: unknown."""
        if question.kind == "visitor":
            visitor = self._live.refresh("uid", question.id)
            if visitor is None:
                return None, None
            if visitor.folded_into is not None:
                return visitor.folded_into, None
            return None, msgspec.json.encode(document(visitor))
        customer = self._live.refresh("cid", question.id)
        return None, None if customer is None else msgspec.json.encode(document(customer))

    def close(self) -> None:
        """Let go of the store."""
        self._beside.shutdown()
        self._store.backend.close()

    def _settled(self, parcels: list[Parcel], attempt: int = 1) -> list[Result]:
        """Decide and commit together; what cannot be had together is tried apart."""
        draft = Draft(self._live, self._store.policies)
        try:
            return self._committed(parcels, draft)
        except Conflict as conflict:
            apart = _touched(parcels, self._live.recheck(draft))
            if len(parcels) > len(apart) > 0:
                rest = [place for place in range(len(parcels)) if place not in apart]
                return self._in_groups(parcels, [rest, sorted(apart)])
            if attempt < ATTEMPTS and (attempt == 1 or len(parcels) == 1):
                return self._settled(parcels, attempt + 1)
            if len(parcels) == 1:
                log.warning("a call kept losing its race", host=self._name, why=str(conflict))
                return [UNAVAILABLE]
        except (Fenced, StoreUnavailable):
            self._live.forget(draft)
            raise
        except Exception:
            self._live.forget(draft)
            if len(parcels) == 1:
                log.exception("a call could not be decided", host=self._name)
                return [self._kept(parcels[0])]
        middle = len(parcels) // 2
        return self._in_groups(parcels, [range(middle), range(middle, len(parcels))])

    def _kept(self, parcel: Parcel) -> Result:
        """Keep a call that cannot be decided as rejected, so that its client need not return."""
        if isinstance(parcel.command, Reject):
            return FAILED
        (result,) = self._settled([Parcel(rejection_of(parcel.command))])
        return REJECTED if result in {APPLIED, DUPLICATE} else result

    def _in_groups(self, parcels: list[Parcel], groups: list[Sequence[int]]) -> list[Result]:
        """Go on group by group; what was stored before the store failed stays answered."""
        results: list[Result] = [UNAVAILABLE] * len(parcels)
        for group in groups:
            with suppress(StoreUnavailable):
                settled = self._settled([parcels[place] for place in group])
                for place, result in zip(group, settled, strict=True):
                    results[place] = result
        return results

    def _committed(self, parcels: list[Parcel], draft: Draft) -> list[Result]:
        self._look_ahead(parcels)
        now = self._now()
        results = [self._decided(parcel, draft, now) for parcel in parcels]
        draft.duplicates = results.count(DUPLICATE)
        if draft.recorded or draft.books or draft.duplicates:
            self._position = self._stored(draft)
        return results

    def _stored(self, draft: Draft) -> int:
        """Have a draft stored; memory takes it over while the database commits (decision 0047).

        Who calls this lets memory forget the draft should the commit fail.
        """
        versions = self._live.book_versions(draft.books)
        with ExitStack() as settled:

            def settle() -> None:
                settled.callback(self._beside.submit(self._live.settle, draft).result)

            return self._store.commit(self._leased(), draft, versions, settle)

    def _look_ahead(self, parcels: list[Parcel]) -> None:
        for parcel in parcels:
            if parcel.hint is not None and parcel.command.uid is not None:
                self._live.trust(parcel.command.uid, parcel.hint)
        uids = {uid for parcel in parcels if (uid := parcel.command.uid) is not None}
        cids = {cid for parcel in parcels if (cid := parcel.command.cid) is not None}
        links = {link for parcel in parcels for link in parcel.command.links}
        if len(self.placement.hosts) > 1:
            self._live.drop_folded(uids)
        self._live.look_ahead(uids, cids, links)

    def _decided(self, parcel: Parcel, draft: Draft, now: Instant) -> Result:
        command = parcel.command
        if isinstance(command, Reject):
            return _result(reject(command, draft, now))
        target = resolve(command, draft)
        # A gateway that names the customer has chosen this host by its own placement.
        is_told = target.cid == parcel.hint
        if command.cid is None and target.cid and not is_told and not self._hosts(target.cid):
            return target.cid
        return _result(apply(command, target, draft, now))

    def _is_due(self, turn: Turn | None) -> bool:
        return turn is None or turn.after in {None, self._turns.get(turn.lane)}

    def _hosts(self, cid: str) -> bool:
        return self.placement.owner(customer_key(cid)) == self._name

    def _leased(self) -> Lease:
        """Take the lease before the first write; never again, for that would unfence."""
        if self._lease is None:
            self._lease = self._store.backend.take_lease(self._name, self._owner)
            log.info("took the lease", host=self._name, epoch=self._lease.epoch)
        return self._lease


def _touched(parcels: list[Parcel], stale: set[str]) -> set[int]:
    """Find the calls to profiles that somebody else has written to, by UID or CID.

    With one call of a UID go all of them, so that they keep their order.
    """
    named = [p for p in parcels if not stale.isdisjoint({p.command.uid, p.command.cid, p.hint})]
    uids = {p.command.uid for p in named} - {None}
    return {
        place for place, p in enumerate(parcels) if p.command.uid in uids or p.command.cid in stale
    }


def _result(outcome: Outcome) -> int:
    return DUPLICATE if outcome is Outcome.DUPLICATE else APPLIED
