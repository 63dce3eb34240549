"""What a batch says once for all of its calls."""

from tests.wire.reading import call, decoded, encoded, read, read_raw, the_identify, the_track


def test_the_context_of_the_batch_lies_under_that_of_each_call() -> None:
    own = {"page": {"url": "/a"}, "locale": "de"}
    shared = {"page": {"url": "/", "title": "T"}, "locale": "en", "ip": "8.8.8.8"}
    command = the_track(read(call("page", context=own), context=shared))
    assert decoded(command.context) == {
        "page": {"url": "/a", "title": "T"},
        "locale": "de",
        "ip": "8.8.8.8",
    }


def test_where_only_one_side_has_a_context_it_stays_as_it_was_written() -> None:
    raw = b'{ "ip" : "8.8.8.8" }'
    own = b'{"type":"page","userId":"c1","context":%b}' % raw
    assert the_track(read_raw(own)).context == raw
    assert the_track(read_raw(own, context={})).context == raw
    shared = the_track(read(call("page"), context={"ip": "8.8.8.8"}))
    assert shared.context == encoded({"ip": "8.8.8.8"})


def test_traits_in_the_context_of_the_batch_count_for_an_identify() -> None:
    inbound = read(
        call("identify", traits={"plan": "pro"}), context={"traits": {"plan": "free", "age": 7}}
    )
    assert the_identify(inbound).attributes == {"plan": b'"pro"', "age": b"7"}
