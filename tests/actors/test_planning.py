"""What the supervisor does next, told from what is wanted and what is there."""

from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.agreed import Desired
from actors.placement import Placement, initial, spread
from actors.planning import GROUP, QUIET, Found, Node, Place, Start, Step, Stop, World, plan
from tests.store.effort import MANY

A, B, C = (Node(letter * 12, f"10.0.0.{number}") for number, letter in enumerate("abc"))


def host(number: int, node: Node | None, **changes: object) -> Found:
    found = Found(f"host-{number}", "host", None if node is None else node.id, 0, is_ready=True)
    return msgspec.structs.replace(found, **{"quiet_for": QUIET, **changes})


def gateway(node: Node, number: int = 0, **changes: object) -> Found:
    found = Found(f"gateway-{node.id[:8]}-{number}", "gateway", node.id, number, is_ready=True)
    return msgspec.structs.replace(found, **{"placement": 99, **changes})


def projector(number: int, node: Node | None, **changes: object) -> Found:
    place = None if node is None else node.id
    found = Found(f"projector-{number}", "projector", place, 0, is_ready=True)
    return msgspec.structs.replace(found, **changes)


def world(hosts: int, *members: Found, nodes: tuple[Node, ...] = (A, B), **more: object) -> World:
    """Everything is there and placed on the hosts named, unless told otherwise."""
    names = [member.name for member in members if member.kind == "host"]
    there = {member.node for member in members if member.kind == "gateway"}
    gateways = [gateway(node) for node in nodes if node.id not in there]
    made = World(Desired(hosts), nodes, [*members, *gateways], initial(names) if names else None)
    return msgspec.structs.replace(made, **more)


def test_a_first_start_makes_everybody_at_once_and_places_all_slots() -> None:
    empty = World(Desired(2), [A, B], [], None, ["projector-0"])
    assert plan(empty) == [
        Start("host", "host-0", A.id),
        Start("host", "host-1", B.id),
        Place(initial(["host-0", "host-1"])),
        Start("gateway", "gateway-aaaaaaaa-0", A.id),
        Start("gateway", "gateway-bbbbbbbb-0", B.id),
        Start("projector", "projector-0", A.id),
    ]


def test_nothing_is_done_when_all_is_as_wanted() -> None:
    assert plan(world(2, host(0, A), host(1, B))) == []
    assert plan(world(3, host(0, A), host(1, B), host(2, A))) == []


def test_nobody_is_started_without_a_node() -> None:
    gone = msgspec.structs.replace(A, is_usable=False)
    assert plan(World(Desired(2), [gone], [gateway(gone)], None, ["projector-0"])) == []


class TestScaling:
    def test_further_hosts_start_one_by_one_and_get_slots_when_ready(self) -> None:
        two = world(4, host(0, A), host(1, B))
        assert plan(two) == [Start("host", "host-2", A.id)]
        starting = world(4, host(0, A), host(1, B), host(2, None, is_ready=False))
        starting = msgspec.structs.replace(starting, placement=two.placement)
        assert plan(starting) == []
        ready = world(4, host(0, A), host(1, B), host(2, A), placement=two.placement)
        [start, place] = plan(ready)
        assert start == Start("host", "host-3", B.id)
        assert isinstance(place, Place)
        assert place.placement.counts()["host-2"] == GROUP

    def test_one_that_cannot_get_ready_keeps_nobody_waiting(self) -> None:
        stuck = host(2, A, is_ready=False, is_stuck=True)
        two = world(4, host(0, A), host(1, B), stuck, placement=initial(["host-0", "host-1"]))
        assert plan(two) == [Start("host", "host-3", B.id)]

    def test_a_host_goes_when_it_has_no_slots_and_no_gateway_has_calls_for_it(self) -> None:
        hosts = host(0, A), host(1, B)
        before = initial(["host-0", "host-1"])
        [first] = plan(world(1, *hosts, placement=before))
        assert isinstance(first, Place)
        after = spread(before, ["host-0"])
        behind = gateway(A, placement=1)
        assert plan(world(1, *hosts, behind, placement=after)) == []
        busy = msgspec.structs.replace(hosts[1], quiet_for=QUIET - 1)
        assert plan(world(1, hosts[0], busy, placement=after)) == []
        assert plan(world(1, *hosts, placement=after)) == [Stop("host-1")]

    def test_another_number_at_the_next_start_takes_the_names_that_have_slots(self) -> None:
        empty = world(1, placement=initial(["host-3", "host-4"]))
        [start, place] = plan(empty)
        assert start == Start("host", "host-3", A.id)
        assert isinstance(place, Place)
        assert place.placement.counts() == {"host-3": 1_024}


class TestNodes:
    def test_a_node_that_joins_gets_a_gateway_and_its_share_of_hosts(self) -> None:
        four = [host(number, A) for number in range(4)]
        assert plan(world(4, *four, gateway(A), nodes=(A, B))) == [
            Start("host", "host-4", B.id),
        ]
        alone = world(4, *four, gateway(A))
        alone = msgspec.structs.replace(alone, members=[*four, gateway(A)])
        assert Start("gateway", "gateway-bbbbbbbb-0", B.id) in plan(alone)

    def test_a_restarting_host_is_waited_for(self) -> None:
        assert plan(world(2, host(0, A), host(1, None, is_ready=False))) == []

    def test_a_drained_node_loses_projectors_then_hosts_then_its_gateway(self) -> None:
        leaving = msgspec.structs.replace(B, is_leaving=True)
        nodes = (A, leaving)
        wanted = ["projector-0"]
        full = world(2, host(0, A), host(1, B), projector(0, B), nodes=nodes, projectors=wanted)
        assert plan(full) == [Start("host", "host-2", A.id), Stop("projector-0")]
        empty = world(2, host(0, A), host(2, A), projector(0, A), nodes=nodes, projectors=wanted)
        assert plan(empty) == [Stop("gateway-bbbbbbbb-0")]

    def test_the_gateway_of_a_dead_node_is_ended(self) -> None:
        assert plan(world(1, host(0, A), gateway(C))) == [Stop("gateway-cccccccc-0")]

    def test_a_node_that_lacks_a_secret_keeps_its_gateway_and_gets_nobody(self) -> None:
        poor = msgspec.structs.replace(B, is_usable=False)
        assert plan(world(2, host(0, A), host(1, A), nodes=(A, poor))) == []


class TestUpgrades:
    def test_hosts_first_then_gateways_then_projectors(self) -> None:
        new = Desired(1, round=1)
        wanted = ["projector-0"]
        old = [host(0, A), gateway(A), projector(0, A)]
        placement = initial(["host-0"])

        def of(*members: Found) -> list[Step]:
            return plan(World(new, [A], members, placement, wanted))

        assert of(*old) == [Start("host", "host-1", A.id)]
        successor = host(1, A, round=1)
        [place] = of(*old, successor)
        assert isinstance(place, Place)
        placement = spread(placement, ["host-1"])
        assert of(*old, successor) == [Stop("host-0")]
        rest = [successor, *old[1:]]
        assert of(*rest) == [Start("gateway", "gateway-aaaaaaaa-1", A.id)]
        starting = gateway(A, 1, is_ready=False)
        assert of(*rest, starting) == []
        assert of(*rest, gateway(A, 1)) == [Stop("gateway-aaaaaaaa-0")]
        assert of(successor, gateway(A, 1), projector(0, A)) == [Stop("projector-0")]
        assert of(successor, gateway(A, 1), projector(0, A, round=1)) == []

    def test_gateways_are_replaced_one_by_one(self) -> None:
        hosts = host(0, A, round=1), host(1, B, round=1)
        upgraded = world(2, *hosts, gateway(A), gateway(B))
        upgraded = msgspec.structs.replace(upgraded, desired=Desired(2, round=1))
        assert plan(upgraded) == [Start("gateway", "gateway-aaaaaaaa-1", A.id)]


@MANY
@given(st.integers(1, 6), st.integers(1, 3), st.data())
def test_step_by_step_everything_gets_as_it_is_wanted(
    hosts: int, nodes: int, data: st.DataObject
) -> None:
    """From any number of hosts and nodes to any other, and no slot is ever nobody's."""
    simulated = Simulated(hosts, [A, B, C][:nodes])
    simulated.run()
    then = data.draw(st.integers(1, 6))
    leaving = data.draw(st.sampled_from([None, *range(nodes)])) if nodes > 1 else None
    simulated.desired = Desired(then, round=data.draw(st.integers(0, 1)))
    simulated.nodes = [
        msgspec.structs.replace(node, is_leaving=number == leaving)
        for number, node in enumerate([A, B, C][: data.draw(st.integers(nodes, 3))])
    ]
    simulated.run()
    usable = [node.id for node in simulated.nodes if not node.is_leaving]
    found = [member for member in simulated.members.values() if member.kind == "host"]
    assert len(found) == then
    assert {member.round for member in simulated.members.values()} == {simulated.desired.round}
    per_node = Counter(member.node for member in found)
    assert set(per_node) <= set(usable)
    assert max(per_node.values()) - min(per_node[node] for node in usable) <= 1
    assert simulated.placement is not None
    assert set(simulated.placement.counts()) == {member.name for member in found}
    gateways = [m.node for m in simulated.members.values() if m.kind == "gateway"]
    assert sorted(filter(None, gateways)) == usable


class Simulated:
    """A world in which every step works, and is seen at the next look."""

    def __init__(self, hosts: int, nodes: list[Node]) -> None:
        self.desired = Desired(hosts)
        self.nodes = nodes
        self.members: dict[str, Found] = {}
        self.placement: Placement | None = None

    def run(self) -> None:
        for _ in range(200):
            wanted = ["projector-0", "projector-1"]
            members = list(self.members.values())
            steps = plan(World(self.desired, self.nodes, members, self.placement, wanted))
            if not steps:
                return
            for step in steps:
                self.do(step)
            assert self.placement is not None
            assert set(self.placement.hosts) <= set(self.members)
        pytest.fail(f"never settled: {steps}")

    def do(self, step: Step) -> None:
        match step:
            case Start():
                number = self.desired.round
                new = Found(step.name, step.kind, step.node, number, is_ready=True)
                seen = msgspec.structs.replace(new, quiet_for=QUIET, placement=10_000)
                self.members[step.name] = seen
            case Place():
                self.placement = step.placement
            case Stop():
                del self.members[step.name]
