"""The profiles a fold has just seen: a bounded memory, in front of the log."""

from collections import OrderedDict
from collections.abc import Callable

from domain.identifiers import ProfileId
from domain.profile import Profile, initial

Recall = Callable[[ProfileId, int], Profile]
"""Gives a profile as its stream stood at a version."""


class States:
    """Keeps the profiles used last; what is not there is recalled."""

    def __init__(self, recall: Recall, size: int) -> None:
        self._recall = recall
        self._size = size
        self._kept: OrderedDict[ProfileId, Profile] = OrderedDict()

    def at(self, profile_id: ProfileId, version: int) -> Profile:
        """Give a profile at a version; 0 is before its first event."""
        if version == 0:
            return initial(profile_id)
        kept = self._kept.get(profile_id)
        return (
            kept
            if kept is not None and kept.version == version
            else self._recall(profile_id, version)
        )

    def keep(self, profile: Profile) -> None:
        """Remember a profile as the one used last."""
        self._kept[profile.id] = profile
        self._kept.move_to_end(profile.id)
        if len(self._kept) > self._size:
            self._kept.popitem(last=False)

    def forget(self, profile_id: ProfileId) -> None:
        """Let go of one profile."""
        self._kept.pop(profile_id, None)

    def clear(self) -> None:
        """Let go of everything."""
        self._kept.clear()
