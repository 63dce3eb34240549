"""Any event there can be: one strategy for each type of fact."""

import string
from typing import Any

import msgspec
from hypothesis import strategies as st

from domain.attributes import Register, Value
from domain.draft import Recorded
from domain.events import (
    ActivityTracked,
    AliasRefused,
    AnyEvent,
    AttributesRefused,
    AttributesSet,
    CallRejected,
    Content,
    Contribution,
    CustomerBorn,
    CustomerSeen,
    Folded,
    LinkRefused,
    Merged,
    MergeRefused,
    Moment,
    Refusal,
    VisitorBorn,
)
from domain.identifiers import Cid, Uid
from domain.instants import parse_instant
from domain.origin import Origin

texts = st.text(max_size=20)
uids = st.text(min_size=1, max_size=20).map(Uid)
cids = st.text(min_size=1, max_size=20).map(Cid)
instants = st.integers(parse_instant("0001-01-01"), parse_instant("9999-12-31"))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
jsons = values.map(msgspec.json.encode)
writes = st.dictionaries(texts, jsons, max_size=4)
links = st.text(string.ascii_letters, min_size=1, max_size=5).map("device:{}".format)
moments = st.builds(Moment, texts, instants, instants, texts)
contents = st.builds(
    Content,
    st.none() | uids,
    st.booleans(),
    st.lists(links, max_size=3).map(tuple),
    jsons,
    instants,
    st.none() | instants,
    st.none() | instants,
    writes,
)
registers = st.builds(Register, instants, texts, jsons)
attributes: st.SearchStrategy[dict[str, Value]] = st.dictionaries(
    texts, registers | st.frozensets(jsons, max_size=3), max_size=4
)
origins = st.builds(
    Origin,
    attributes,
    st.none() | instants,
    st.none() | instants,
    st.dictionaries(texts, st.integers(1, 2**62), max_size=4),
    st.frozensets(links, max_size=3),
    st.none() | instants,
    st.none() | instants,
)
refusals = st.builds(Refusal, texts, texts, texts, instants, texts)
contributions = st.builds(
    Contribution,
    origins,
    st.lists(texts, max_size=3).map(tuple),
    st.lists(refusals, max_size=2).map(tuple),
)

FACTS: dict[type[Any], st.SearchStrategy[AnyEvent]] = {
    VisitorBorn: st.builds(VisitorBorn, moments, uids),
    CustomerBorn: st.builds(CustomerBorn, moments, cids),
    ActivityTracked: st.builds(ActivityTracked, moments, contents, texts, jsons),
    AttributesSet: st.builds(AttributesSet, moments, contents),
    CustomerSeen: st.builds(
        CustomerSeen, moments, st.none() | uids, st.lists(links, max_size=3).map(tuple)
    ),
    Folded: st.builds(Folded, moments, cids, st.uuids(), texts),
    Merged: st.builds(
        Merged, moments, uids, st.uuids(), st.integers(1, 2**62), contributions, texts
    ),
    MergeRefused: st.builds(MergeRefused, moments, uids, cids, cids),
    AliasRefused: st.builds(AliasRefused, moments, texts, cids),
    AttributesRefused: st.builds(AttributesRefused, moments, st.none() | uids, writes),
    LinkRefused: st.builds(LinkRefused, moments, uids, links),
    CallRejected: st.builds(CallRejected, moments, texts, texts, st.binary(max_size=100)),
}

facts = st.one_of(*FACTS.values())
recorded = st.builds(Recorded, st.uuids(), st.integers(1, 2**62), facts)
