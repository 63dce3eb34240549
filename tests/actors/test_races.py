"""Two hosts decide at the same moment, each blind to the other: the store lets one win.

The outcome is always that of one call after the other (rules S2, S3, M4 and decision 0003).
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier

import pytest

from actors.host import ProfileHost
from actors.parcels import APPLIED, DUPLICATE, UNAVAILABLE, Question, Result
from domain.commands import AnyCommand
from domain.document import Document
from store.backend import Write
from store.sqlite import SqliteBackend
from tests.actors.deployment import Deployment, customer, decoded, send, visitor, without_version
from tests.controls.calls import alias, device, identify, page, rejected, track
from tests.controls.times import day
from tests.controls.world import World

PHONE = (device("phone"),)
SOFA = (device("sofa"),)

RACES: dict[str, tuple[list[AnyCommand], AnyCommand, AnyCommand]] = {
    "one UID is born twice": ([], track("A", uid="u1"), track("B", uid="u1")),
    "one CID is born twice": ([], track("A", cid="c1"), track("B", cid="c1")),
    "one UID is identified as two customers": (
        [track("A", uid="u1")],
        identify("u1", "c1"),
        identify("u1", "c2"),
    ),
    "a UID never seen is identified as two customers": (
        [],
        identify("u1", "c1"),
        identify("u1", "c2"),
    ),
    "an activity and the identify of its UID": (
        [track("A", uid="u1")],
        identify("u1", "c1"),
        track("B", uid="u1"),
    ),
    "the identify of a UID and its activity": (
        [track("A", uid="u1")],
        track("B", uid="u1"),
        identify("u1", "c1"),
    ),
    "two UIDs are identified as one new customer": (
        [track("A", uid="u1"), track("B", uid="u2")],
        identify("u1", "c1"),
        identify("u2", "c1"),
    ),
    "an identify and a late activity under its link key": (
        [track("A", uid="u2", links=PHONE, at=day(3))],
        identify("u2", "c1", links=PHONE, at=day(7)),
        page(uid="u1", links=PHONE, at=day(1)),
    ),
    "a late activity and an identify under its link key": (
        [],
        page(uid="u1", links=PHONE, at=day(1)),
        identify("u2", "c1", links=PHONE, at=day(7)),
    ),
    "a link key reaches a known visitor while it is identified": (
        [page(uid="u1", at=day(1)), page(uid="u2", links=PHONE, at=day(2))],
        page(uid="u1", links=PHONE, at=day(4)),
        identify("u2", "c1", links=PHONE, at=day(7)),
    ),
    "two customers are identified under one link key": (
        [page(uid="u0", links=PHONE, at=day(1))],
        identify("u1", "c1", links=PHONE, at=day(3)),
        identify("u2", "c2", links=PHONE, at=day(5)),
    ),
    "two visitors meet under two link keys": (
        [],
        page(uid="u1", links=(*PHONE, *SOFA), at=day(1)),
        page(uid="u2", links=(*SOFA, *PHONE), at=day(2)),
    ),
    "an alias and an identify of one UID": (
        [track("A", uid="u1")],
        alias("u1", "c1"),
        identify("u1", "c2"),
    ),
    "one rejection is kept twice": ([], rejected(), rejected()),
    "one call is sent to both": ([], one := track("A", uid="u1"), one),
}


@contextmanager
def just_before_the_write(meanwhile: Callable[[], object]) -> Iterator[None]:
    """Let something happen between the next decision and its write."""
    actual = SqliteBackend.write
    with pytest.MonkeyPatch.context() as patch:

        def write(backend: SqliteBackend, change: Write) -> int:
            patch.undo()
            meanwhile()
            return actual(backend, change)

        patch.setattr(SqliteBackend, "write", write)
        yield


def at_once(*actions: Callable[[], list[Result]]) -> list[list[Result]]:
    """Do things in the same moment, each on a thread of its own."""
    barrier = Barrier(len(actions))

    def run(action: Callable[[], list[Result]]) -> list[Result]:
        barrier.wait()
        return action()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions))


def sent_until_taken(host: ProfileHost, *calls: AnyCommand) -> list[Result]:
    """Send a batch again as long as any of it kept losing its races."""
    while UNAVAILABLE in (results := send(host, *calls)):
        pass
    return results


def shown(host: ProfileHost, kind: str, name: str) -> Document | None:
    """Show whom an id belongs to, whatever the version; None when it is unknown."""
    owner, document = host.read(Question(kind, name))
    if owner is not None:
        return {"owner": owner}
    return without_version(None if document is None else decoded(document))


def in_words(world: World) -> dict[str, Document]:
    """Show everybody in a world the same way."""
    folded: dict[str, Document] = {
        f"visitor {uid}": {"owner": owner} for uid, owner in world.owners.items()
    }
    kinds = {"uid": "visitor", "cid": "customer"}
    return folded | {
        f"{kinds[who.kind]} {who.value}": document for who, document in world.people().items()
    }


def people(host: ProfileHost) -> dict[str, Document]:
    """Show everybody that the races know."""
    cids = ("c1", "c2", "was-a-cid")
    uids = ("u0", "u1", "u2", "was-a-cid")
    asked = [*(("customer", cid) for cid in cids), *(("visitor", uid) for uid in uids)]
    found = {f"{kind} {name}": shown(host, kind, name) for kind, name in asked}
    return {who: document for who, document in found.items() if document is not None}


@pytest.mark.parametrize("race", RACES)
def test_s3_a_race_ends_as_if_the_winner_had_come_first(deployment: Deployment, race: str) -> None:
    before, winner, loser = RACES[race]
    (host,), rival = deployment.hosts, deployment.rival()
    assert send(host, *before) == [APPLIED] * len(before)
    with just_before_the_write(lambda: send(rival, winner)):
        (result,) = send(host, loser)

    world = World()
    world.send(*before, winner)
    (expected,) = world.send(loser)
    assert result == expected
    assert deployment.counted() == world.counted()
    assert people(host) == in_words(world)


@pytest.mark.parametrize("race", RACES)
def test_s3_a_race_in_the_middle_of_a_batch_ends_the_same(
    deployment: Deployment, race: str
) -> None:
    before, winner, loser = RACES[race]
    (host,), rival = deployment.hosts, deployment.rival()
    others = [track(uid=f"other-{n}") for n in range(6)]
    send(host, *before)
    with just_before_the_write(lambda: send(rival, winner)):
        results = send(host, *others[:3], loser, *others[3:])

    world = World()
    world.send(*before, winner)
    (expected,) = world.send(loser)
    assert results == [*[APPLIED] * 3, expected, *[APPLIED] * 3]
    assert people(host) == in_words(world)


def test_c7_an_alias_blind_to_the_birth_of_a_customer_counts_as_the_earlier(
    deployment: Deployment,
) -> None:
    """It wrote nothing that the birth wrote: no conflict, and one order explains both."""
    (host,), rival = deployment.hosts, deployment.rival()
    birth, blind = track("A", cid="was-a-cid"), alias("was-a-cid", "c2")
    with just_before_the_write(lambda: send(rival, birth)):
        assert send(host, blind) == [APPLIED]
    world = World()
    world.send(blind, birth)
    assert people(host) == in_words(world)


def test_story_6_two_hosts_identify_one_uid_in_one_moment(deployment: Deployment) -> None:
    (host,), rival = deployment.hosts, deployment.rival()
    for number in range(10):
        uid, first, second = f"u{number}", f"ana-{number}", f"ben-{number}"
        send(host, track("A", uid=uid))
        answers = at_once(
            lambda: send(host, identify(uid, first)),  # noqa: B023 - done before the next round
            lambda: send(rival, identify(uid, second)),  # noqa: B023 - see above
        )
        assert answers == [[APPLIED], [APPLIED]]
        ana, ben = customer(host, first), customer(host, second)
        assert sorted([ana["uids"], ben["uids"]]) == [[], [uid]]
        assert sorted([ana["activity_count"], ben["activity_count"]]) == [0, 1]
        assert sorted([len(ana["refusals"]), len(ben["refusals"])]) == [0, 1]
    assert deployment.counted() == {
        "activities": 10,
        "customers": 20,
        "folds": 10,
        "refusals": 10,
    }


def test_m3_two_hosts_never_both_miss_a_link(deployment: Deployment) -> None:
    (host,), rival = deployment.hosts, deployment.rival()
    for number in range(10):
        link = (device(f"d{number}"),)
        late = page(uid=f"early-{number}", links=link, at=day(1))
        named = identify(f"late-{number}", f"c{number}", links=link, at=day(7))
        answers = at_once(lambda: send(host, named), lambda: send(rival, late))  # noqa: B023 - done before the next round
        assert answers == [[APPLIED], [APPLIED]]
        assert customer(host, f"c{number}")["uids"] == [f"early-{number}", f"late-{number}"]


def test_three_hosts_write_ninety_batches_at_once_and_lose_nothing(
    deployment: Deployment,
) -> None:
    hosts = [deployment.hosts[0], deployment.rival("host-8"), deployment.rival("host-9")]

    def work(host: ProfileHost, name: str) -> Callable[[], list[Result]]:
        batches = [(track(name, uid="busy"), track(name, uid=f"u{n % 5}")) for n in range(30)]
        return lambda: [result for batch in batches for result in sent_until_taken(host, *batch)]

    answers = at_once(*(work(host, name) for host, name in zip(hosts, "ABC", strict=True)))
    assert all(set(results) <= {APPLIED, DUPLICATE} for results in answers)
    counted = deployment.counted()
    assert (counted["activities"], counted["visitors"]) == (180, 6)
    for host in hosts:
        assert visitor(host, "busy")["activities"] == {"A": 30, "B": 30, "C": 30}
