"""A stream is the whole truth about its profile (rules F3 and M5), and deciding is no chance."""

import os
import subprocess
import sys
from functools import reduce
from pathlib import Path

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from domain import document, evolve, initial
from domain.commands import Call
from domain.events import Event, Folded, Merged
from domain.identifiers import ProfileId
from domain.origin import Origin, total
from domain.profile import Profile
from tests.controls.calls import device, identify, page
from tests.controls.times import day
from tests.controls.world import World, visitor
from tests.properties.strategies import (
    INVARIANTS,
    LAWS,
    POLICIES,
    SEVERAL_PEOPLE,
    calls_of,
    one_by_one,
)

ROOT = Path(__file__).parents[2]
NOBODY = initial(ProfileId(int=0))


@LAWS
@given(calls_of(SEVERAL_PEOPLE))
def test_m5_replaying_a_stream_makes_the_live_state(calls: list[Call]) -> None:
    world = one_by_one(calls)
    for who, profile in world.profiles.items():
        assert world.replayed(who) == profile
        assert document(world.replayed(who)) == document(profile)


@LAWS
@given(calls_of(SEVERAL_PEOPLE), st.integers(0, 20))
def test_a_snapshot_and_the_tail_make_what_the_whole_stream_makes(
    calls: list[Call], length: int
) -> None:
    world = one_by_one(calls)
    for who, profile in world.profiles.items():
        events = world.history(who)
        snapshot = _state(events[:length], initial(profile.id))
        assert _state(events[length:], snapshot) == profile


def _state(events: list[Event], begin: Profile = NOBODY) -> Profile:
    return reduce(lambda profile, event: evolve(profile, event, POLICIES), events, begin)


@LAWS
@given(calls_of(SEVERAL_PEOPLE))
def test_f3_the_total_kept_is_the_total_of_the_origins_field_by_field(calls: list[Call]) -> None:
    for profile in one_by_one(calls).profiles.values():
        summed = total(POLICIES, profile.origins)
        if profile.cid is None:
            summed = msgspec.structs.replace(summed, links=profile.origin(profile.uid).links)
        for field in Origin.__struct_fields__:
            assert getattr(profile.total, field) == getattr(summed, field), field


@INVARIANTS
@given(calls_of(SEVERAL_PEOPLE))
def test_m4_every_merge_has_its_fold_and_every_fold_its_merge(calls: list[Call]) -> None:
    world = one_by_one(calls)
    merged = {entry.event.uid: entry for entry in world.log if isinstance(entry.event, Merged)}
    folded = {
        who.value: world.events(who)[-1]
        for who, profile in world.profiles.items()
        if profile.folded_into is not None
    }
    assert merged.keys() == folded.keys() == world.owners.keys()
    for uid, entry in merged.items():
        fold, before = folded[uid], world.history(visitor(uid))[:-1]
        assert isinstance(fold, Folded)
        assert isinstance(entry.event, Merged)
        assert (fold.customer_id, fold.rule) == (entry.profile_id, entry.event.rule)
        assert entry.event.visitor_version == len(before) + 1
        assert entry.event.contribution.origin == _state(before).total


@INVARIANTS
@given(calls_of(SEVERAL_PEOPLE))
def test_deciding_again_decides_the_same(calls: list[Call]) -> None:
    assert one_by_one(calls).log == one_by_one(calls).log


def test_deciding_in_another_process_decides_the_same() -> None:
    assert len({_decided_under(seed) for seed in ("1", "2", "3")}) == 1


def _decided_under(hash_seed: str) -> bytes:
    script = "from tests.properties.test_replay import tell; tell()"
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        check=True,
        capture_output=True,
    ).stdout


def tell() -> None:
    """Print what is decided about visitors that many link keys tie together."""
    world = World()
    keys = tuple(device(str(n)) for n in range(20))
    for n in range(6):
        world.send(page(uid=f"u{n}", links=keys[n : n + 9], at=day(1), message_id=f"p{n}"))
    for n in range(6):
        call = identify(f"v{n}", f"c{n % 2}", links=keys[n::3], at=day(2 + n), message_id=f"i{n}")
        world.send(call, page(uid=f"w{n}", links=keys[n::5], at=day(1), message_id=f"q{n}"))
    encoder = msgspec.json.Encoder(order="deterministic", enc_hook=dict)
    sys.stdout.buffer.write(encoder.encode(world.log))
