"""Which host has which slots: pure functions over one frozen value.

Only the supervisor makes a new one. Two gateways that know different ones do no harm: whatever
host a call reaches, expected versions and leases decide (design D1).
"""

from collections import Counter
from collections.abc import Sequence

import msgspec

from actors.slots import SLOTS, slot_of


class Placement(msgspec.Struct, frozen=True):
    """The owner of every slot: `owners` holds, for each, the place of a name in `hosts`."""

    version: int
    hosts: tuple[str, ...]
    owners: tuple[int, ...]

    def owner(self, key: str) -> str:
        """Give the name of the host that a routing key belongs to."""
        return self.hosts[self.owners[slot_of(key)]]

    def counts(self) -> dict[str, int]:
        """Count the slots of each host that has any."""
        counted = Counter(self.owners)
        return {self.hosts[place]: counted[place] for place in sorted(counted)}


def initial(hosts: Sequence[str]) -> Placement:
    """Give every host a run of equal length."""
    owners = tuple(slot * len(hosts) // SLOTS for slot in range(SLOTS))
    return Placement(1, tuple(hosts), owners)


def spread(before: Placement, hosts: Sequence[str]) -> Placement:
    """Share the slots evenly among exactly these hosts, moving as few as can be.

    The same placement comes back, version included, when nothing has to move.
    """
    quotas = _quotas(before, hosts)
    owners, homeless = [""] * SLOTS, []
    for slot, name in enumerate(_names(before)):
        if quotas.get(name, 0) > 0:
            quotas[name] -= 1
            owners[slot] = name
        else:
            homeless.append(slot)
    takers = [name for name in hosts for _ in range(quotas[name])]
    for slot, name in zip(homeless, takers, strict=True):
        owners[slot] = name
    return _next(before, owners) if homeless else before


def towards(before: Placement, target: Placement, limit: int) -> Placement:
    """Go some way to another placement: at most `limit` slots move."""
    owners, left = [], limit
    for is_now, shall_be in zip(_names(before), _names(target), strict=True):
        moves = is_now != shall_be and left > 0
        left -= moves
        owners.append(shall_be if moves else is_now)
    return _next(before, owners) if left < limit else before


def moves(before: Placement, after: Placement) -> dict[str, set[str]]:
    """List from which hosts each one gets slots."""
    found: dict[str, set[str]] = {}
    for loser, gainer in zip(_names(before), _names(after), strict=True):
        if loser != gainer:
            found.setdefault(gainer, set()).add(loser)
    return found


def _quotas(before: Placement, hosts: Sequence[str]) -> dict[str, int]:
    """Tell how many slots each host is to have: who has most now may keep the odd ones."""
    have = before.counts()
    by_size = sorted(hosts, key=lambda name: -have.get(name, 0))
    fair, odd = divmod(SLOTS, len(hosts))
    return {name: fair + (place < odd) for place, name in enumerate(by_size)}


def _names(placement: Placement) -> list[str]:
    return [placement.hosts[place] for place in placement.owners]


def _next(before: Placement, owners: Sequence[str]) -> Placement:
    hosts = tuple(dict.fromkeys(owners))
    place = {name: number for number, name in enumerate(hosts)}
    return Placement(before.version + 1, hosts, tuple(place[name] for name in owners))
