"""Where a request carries its write key."""

from base64 import b64encode

import pytest

from service.wire.envelope import write_key_in
from service.wire.errors import Unreadable
from service.write_keys import write_key_of
from tests.wire.reading import encoded


def basic(user: str) -> tuple[bytes, bytes]:
    """Make the header of HTTP Basic."""
    return b"authorization", b"Basic " + b64encode(user.encode())


KEY_HEADER = (b"x-write-key", b"by-header")


def test_basic_comes_before_the_header_before_the_query() -> None:
    query = b"a=b&writeKey=by%2Dquery"
    assert write_key_of([KEY_HEADER, basic("by-basic:")], query) == "by-basic"
    assert write_key_of([KEY_HEADER], query) == "by-header"
    assert write_key_of([], query) == "by-query"
    assert write_key_of([], b"") is None


def test_basic_without_a_colon_or_with_a_password_counts() -> None:
    assert write_key_of([basic("key")], b"") == "key"
    assert write_key_of([basic("key:secret")], b"") == "key"
    assert write_key_of([(b"authorization", b"basic a2V5")], b"") == "key"


@pytest.mark.parametrize(
    "value", [b"Bearer abc", b"Basic", b"Basic !", b"Basic /w==", b"Basic Og==", b""]
)
def test_what_is_no_basic_user_lets_the_others_count(value: bytes) -> None:
    assert write_key_of([(b"authorization", value), KEY_HEADER], b"") == "by-header"


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({"writeKey": "k", "batch": [{"writeKey": "other"}]}, "k"),
        ({"batch": [{"writeKey": "first"}, {"writeKey": "second"}]}, "first"),
        ({"batch": []}, None),
        ({"batch": [{}]}, None),
        ({"writeKey": "k", "event": "e"}, "k"),
        ({"writeKey": 7}, None),
        ({}, None),
    ],
)
def test_the_body_carries_it_outside_or_in_its_first_call(body: object, key: str | None) -> None:
    assert write_key_in(encoded(body)) == key


@pytest.mark.parametrize(
    "body", [b"[]", b"{", b'{"batch":{}}', b'{"batch":[7]}', b'{"writeKey":"\xff"}']
)
def test_a_body_that_nobody_can_read_carries_none(body: bytes) -> None:
    with pytest.raises(Unreadable) as caught:
        write_key_in(body)
    assert caught.value.code == "invalid_json"
