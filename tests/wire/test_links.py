"""Link keys: where they stand in a call, and what is none."""

import pytest

from service.wire.rules import WireRules
from tests.wire.reading import call, read, the_identify, the_track


def links_of(context: object) -> tuple[str, ...]:
    """Give the link keys of a track with this context."""
    return the_track(read(call("track", event="e", context=context))).links


def test_the_device_id_is_the_link_key_unless_configured_otherwise() -> None:
    assert links_of({"device": {"id": "d1"}}) == ("device:d1",)
    assert links_of({"device": {"id": 7}}) == ("device:7",)


@pytest.mark.parametrize(
    "context",
    [
        None,
        {},
        {"device": None},
        {"device": "d1"},
        {"device": ["d1"]},
        {"device": {}},
        *({"device": {"id": bad}} for bad in ("", " ", None, "unknown", "0000", "d" * 256)),
        *({"device": {"id": bad}} for bad in ({"a": 1}, ["d"], True, "a\tb", "\ufffd")),
    ],
)
def test_what_names_no_device_is_no_link_key_and_no_error(context: object) -> None:
    assert links_of(context) == ()


def test_further_link_keys_may_stand_in_properties_and_traits() -> None:
    rules = WireRules(links={"card": "properties.payment.card", "phone": "traits.phone"})
    tracked = the_track(
        read(call("track", event="e", properties={"payment": {"card": "x9"}}), rules=rules)
    )
    identified = the_identify(read(call("identify", traits={"phone": "+43"}), rules=rules))
    assert (tracked.links, identified.links) == (("card:x9",), ("phone:+43",))


def test_a_link_key_may_come_from_the_context_of_the_batch() -> None:
    inbound = read(call("track", event="e"), context={"device": {"id": "d1"}})
    assert the_track(inbound).links == ("device:d1",)
