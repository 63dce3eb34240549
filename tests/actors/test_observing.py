"""What members say of themselves, and what the supervisor makes of it."""

import msgspec
import pytest

from actors.infos import GatewayInfo, HostInfo, ProjectorInfo, Standing, lacking
from actors.observing import Begun, found, lacking_nodes
from actors.planning import Found, Start
from actors.roll_call import STUCK, is_well
from actors.status import node_status
from tests.actors.test_planning import A, B

WHO = Standing(name="host-0", round=1, pid=10, raylet_pid=1, node=A.id, code="1")
HOST = HostInfo(
    standing=WHO,
    epoch=3,
    is_open=True,
    is_fenced=False,
    live=5,
    busy_for=0.0,
    quiet_for=4.0,
    placement=2,
)
NOTHING = Begun({}, 1)


def test_a_host_is_where_it_says_as_long_as_that_node_lives() -> None:
    here = Found("host-0", "host", A.id, 1, is_ready=True, quiet_for=4.0)
    assert found("host-0", HOST, NOTHING, {A.id}) == here
    assert found("host-0", HOST, NOTHING, {B.id}) == msgspec.structs.replace(here, node=None)


def test_a_host_at_work_is_not_quiet() -> None:
    busy = msgspec.structs.replace(HOST, busy_for=0.1)
    assert found("host-0", busy, NOTHING, {A.id}).quiet_for == 0.0


def test_a_member_that_starts_is_where_it_was_started() -> None:
    begun = Begun({"host-0": Start("host", "host-0", B.id)}, 7)
    assert found("host-0", None, begun, {B.id}) == Found("host-0", "host", B.id, 7, is_ready=False)
    assert found("host-0", None, NOTHING, {B.id}).node is None


def test_a_gateway_tells_node_and_round_by_its_name_before_it_tells_itself() -> None:
    name = f"gateway-{A.id[:8]}-3"
    starting = Found(name, "gateway", A.id, 3, is_ready=False)
    assert found(name, None, NOTHING, {A.id}) == starting
    assert found(name, None, NOTHING, {B.id}).node not in {A.id, B.id, None}


def test_the_gateway_of_a_dead_node_stays_there() -> None:
    info = GatewayInfo(standing=WHO, url="http://a", port=1, is_serving=True, placement=2)
    assert found("gateway-a-1", info, NOTHING, {B.id}).node == A.id


def test_nodes_lack_what_any_member_there_lacks() -> None:
    poor = msgspec.structs.replace(WHO, node=B.id, lacks=("ONEFOLD_STORE",))
    projector = ProjectorInfo(poor, 0.0, [])
    assert lacking_nodes([None, HOST, projector]) == {B.id}
    assert node_status(B, [HOST, projector]).lacks == ("ONEFOLD_STORE",)
    assert node_status(B, [HOST, projector]).state == "lacking"
    assert node_status(A, [HOST, projector]).state == "usable"


@pytest.mark.parametrize("value", ["", "sqlite", "/var/lib/onefold.db"])
def test_a_node_needs_a_databases_address_not_just_any_store(value: str) -> None:
    assert lacking(("ONEFOLD_STORE",), {"ONEFOLD_STORE": value}) == ("ONEFOLD_STORE",)
    assert lacking(("ONEFOLD_STORE",), {"ONEFOLD_STORE": "postgresql://db/x"}) == ()


def test_a_member_is_not_well_when_fenced_or_stuck() -> None:
    assert is_well(HOST)
    assert not is_well(msgspec.structs.replace(HOST, is_fenced=True))
    assert not is_well(msgspec.structs.replace(HOST, busy_for=STUCK))
    assert not is_well(ProjectorInfo(WHO, STUCK, []))
    assert is_well(ProjectorInfo(WHO, STUCK - 1, []))
