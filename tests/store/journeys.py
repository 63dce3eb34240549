"""Any calls of a few people: each has UIDs, devices and at most one CID of their own.

Within one person all is allowed that has one outcome in whatever order it arrives (rule F5).
"""

import string

from hypothesis import strategies as st

from domain.commands import Call
from domain.instants import Instant
from tests.controls.calls import Common, Values, alias, device, group, identify, page, track
from tests.controls.times import MINUTE, day

values = st.sampled_from(["free", "pro", None, 7, -1.5, True, ["a", "b"], {"deep": [1]}])
attributes: st.SearchStrategy[Values] = st.dictionaries(
    st.sampled_from(["plan", "initial_referrer", "first_plan", "groups", "email"]),
    values,
    max_size=3,
)
times: st.SearchStrategy[Instant] = st.builds(
    lambda number, minutes: day(number) + minutes * MINUTE,
    st.integers(1, 9),
    st.integers(0, 3),
)


@st.composite
def calls(draw: st.DrawFn, number: int, people: int = 3) -> Call:
    """One call of one person; `number` makes its message id."""
    person = draw(st.sampled_from(string.ascii_lowercase[:people]))
    uid = f"{person}{draw(st.integers(1, 3))}"
    cid = f"customer-{person}"
    linked = draw(
        st.lists(st.sampled_from([device(f"{person}x"), device(f"{person}y")]), max_size=2)
    )
    common: Common = {
        "at": draw(times),
        "links": tuple(linked),
        "message_id": f"m{number:04}",
        **draw(
            st.sampled_from(
                [Common(uid=uid), Common(uid=uid), Common(uid=uid, cid=cid), Common(cid=cid)]
            )
        ),
    }
    if "uid" not in common:
        common["links"] = ()
    match draw(st.sampled_from(["track", "track", "page", "group", "identify", "alias"])):
        case "track":
            return track(draw(st.sampled_from("ABC")), properties={"n": number}, **common)
        case "page":
            return page("/", **common)
        case "group":
            return group(draw(st.sampled_from(["g1", "g2"])), **common)
        case "alias":
            return alias(uid, cid, at=common["at"], message_id=common["message_id"])
        case _:
            return identify(
                common.get("uid"),
                common.get("cid"),
                attributes=draw(attributes),
                at=common["at"],
                links=common["links"],
                message_id=common["message_id"],
            )


@st.composite
def journeys(draw: st.DrawFn, longest: int = 40, people: int = 3) -> list[Call]:
    """Calls in the order they were made, each with a message id of its own."""
    length = draw(st.integers(1, longest))
    return [draw(calls(number, people)) for number in range(length)]
