"""SDKs of servers, unmodified, against a running Onefold."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

import pytest

from tests.browser import needs_node
from tests.clients.faults import AFTER, HELD_OFF, MANGLED, STORM
from tests.clients.journeys import ADDED, NOTHING, added, calls, counted, must_be_told, people
from tests.clients.programs import OLD_PYTHON, Client, needs_old_python, needs_sdks
from tests.clients.proxy import Proxy, between
from tests.cluster.server import Server

pytestmark = [pytest.mark.ray, pytest.mark.slow]

SOON: Final = {"flushAt": 4, "flushInterval": 50}
GZIP: Final = {"gzip": True}
PYTHON: Final = {
    "segment-python": Client("segment.analytics", "2.4.0", "host", waits=True),
    "segment-python-gzip": Client("segment.analytics", "2.4.0", "host", GZIP, waits=True),
    "segment-python-old": Client("analytics", "1.4.post1", "host", folder=OLD_PYTHON),
    "rudder-python": Client("rudderstack.analytics", "2.1.9", "dataPlaneUrl"),
}
NODE: Final = {
    "segment-node": Client("@segment/analytics-node", "3.1.0", options=SOON, waits=True),
    "segment-node-old": Client("analytics-node", "6.2.0", options=SOON),
    "rudder-node": Client("@rudderstack/rudder-sdk-node", "3.0.13", options=SOON),
}
ALL: Final = PYTHON | NODE


def with_each(names: Iterable[str]) -> pytest.MarkDecorator:
    """Run a test with each of these clients."""
    params = [pytest.param(ALL[name], id=name, marks=marks(name)) for name in names]
    return pytest.mark.parametrize("client", params)


def marks(name: str) -> list[pytest.MarkDecorator]:
    """Tell what a client needs that is not installed with the other dependencies."""
    if name in NODE:
        return [needs_node, needs_sdks]
    return [needs_old_python] if ALL[name].folder else []


def tries(proxy: Proxy) -> Counter[str]:
    """Count how often each call was sent."""
    return Counter(message for seen in proxy.posts for message in seen.message_ids)


@with_each(ALL)
def test_a_journey_leaves_the_right_profiles(client: Client, server: Server) -> None:
    who, before = people(), counted(server)
    with between(server.url) as proxy:
        assert client.run(proxy.url, calls(who)) == []
        sent = [call for seen in proxy.posts for call in seen.calls]
    assert {call["context"]["library"]["version"] for call in sent} == {client.version}
    must_be_told(server, who)
    assert added(before, counted(server)) == ADDED


@with_each(ALL)
def test_a_storm_loses_nothing_and_doubles_nothing(client: Client, server: Server) -> None:
    who, before = people(), counted(server)
    with between(server.url, STORM) as proxy:
        assert client.run(proxy.url, calls(who)) == []
        assert not proxy.faults
        assert proxy.acknowledged() == set(tries(proxy))
    must_be_told(server, who)
    assert added(before, counted(server)) == ADDED


@with_each(name for name, client in ALL.items() if client.waits)
def test_a_client_comes_back_when_it_was_told_to(client: Client, server: Server) -> None:
    one_batch = calls(people())[:1]  # another one's success would call off the wait
    with between(server.url, [HELD_OFF]) as proxy:
        assert client.run(proxy.url, one_batch) == []
        first, second = proxy.posts
    assert [first.status, second.status] == [429, 200]
    assert second.at - first.at >= AFTER


@with_each(ALL)
def test_no_client_repeats_what_cannot_be_read(client: Client, server: Server) -> None:
    before = counted(server)
    with between(server.url, (MANGLED for _ in calls(people()))) as proxy:
        assert client.run(proxy.url, calls(people())) != []
        assert {seen.status for seen in proxy.posts} == {400}
        assert set(tries(proxy).values()) == {1}
    assert added(before, counted(server)) == NOTHING


@with_each(ALL)
def test_no_client_repeats_what_has_a_wrong_write_key(client: Client, server: Server) -> None:
    before = counted(server)
    with between(server.url) as proxy:
        assert client.run(proxy.url, calls(people()), key="wk_of_nobody") != []
        assert {seen.status for seen in proxy.posts} == {401}
        assert set(tries(proxy).values()) == {1}
    assert added(before, counted(server)) == NOTHING
