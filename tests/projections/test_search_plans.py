"""Which indexes a search uses."""

from typing import Any

import pytest

from domain.instants import rfc3339
from projections.queries import plan
from projections.queries.conditions import Conditions
from projections.queries.filters import read_filter
from projections.queries.gathering import gathered
from projections.queries.plan import starting_from
from projections.queries.search import Search, page_statement
from tests.controls.times import day
from tests.projections.asking import NOW, Asked, attribute, column, people
from tests.projections.views import folded

# Its plans can be read without statistics; PostgreSQL's depend on how many there are of what.
IN_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


YES = True
AN_AGE = {"and": [attribute("age", ">", 3), attribute("age", "<", 5)]}


def plan_of(moment: Asked, told: dict[str, Any] | None) -> str:
    search = Search() if told is None else Search(gathered(read_filter(told)))
    written = Conditions(moment, NOW)
    start = starting_from(written, search.filter, plan.FEW)
    statement = page_statement(moment, search, written, start)
    text = statement.compile(moment.connection, compile_kwargs={"literal_binds": True})
    rows = moment.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")
    return "\n".join(str(row[3]) for row in rows)


@IN_SQLITE
@pytest.mark.parametrize(
    ("told", "index"),
    [
        (attribute("plan", "=", "pro"), "profiles_1_attributes_by_text (name=? AND text=?)"),
        (attribute("plan", "starts_with", "p"), "by_text (name=? AND text>? AND text<?)"),
        (attribute("plan", "exists"), "profiles_1_attributes_by_text (name=?)"),
        (attribute("age", ">", 3), "profiles_1_attributes_by_number (name=? AND number>?)"),
        (attribute("age", "in", [3, 4]), "profiles_1_attributes_by_number (name=? AND number=?)"),
        (AN_AGE, "profiles_1_attributes_by_number (name=? AND number>? AND number<?)"),
        (AN_AGE, "profiles_1_attributes_by_second (name=?)"),
        (attribute("vip", "=", YES), "profiles_1_attributes_by_boolean (name=? AND boolean=?)"),
        (column("cid", "=", "ana"), "profiles_1_profiles_by_cid (cid=?)"),
        (column("uid", "=", "u3"), "profiles_1_profiles_by_uid (uid=?)"),
        (column("last_seen", ">", rfc3339(day(9))), "profiles_by_last_seen (last_seen>?)"),
        ({"activity": "Bought", "last_days": 3}, "profile_days_by_name (name=? AND day>?)"),
        (None, "profiles_1_profiles_by_last_seen"),
    ],
)
def test_an_index_serves_what_an_index_can(told: dict[str, Any] | None, index: str) -> None:
    with folded(people().log) as views:
        assert index in plan_of(Asked(views), told)


@IN_SQLITE
def test_a_walk_in_order_looks_each_profile_up_by_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "FEW", -1)
    with folded(people().log) as views:
        told = plan_of(Asked(views), {"and": [attribute("age", ">", 3), {"activity": "Bought"}]})
    assert "SCAN profiles_1_profiles USING INDEX profiles_1_profiles_by_last_seen" in told
    assert "PRIMARY KEY (profile_id=? AND name=?)" in told
    assert "PRIMARY KEY (profile_id=? AND name=?)" in told
    assert "TEMP B-TREE" not in told
