"""Who an event of the seed speaks of, and what it says of them."""

from typing import Any, Final

import msgspec

from service.wire.seed_event import Members, members_of, value_of

IDENTIFY: Final = frozenset(
    {"user/identify", "user/identify_user", "user/user_identify", "identify_user", "user_identify"}
)
"""What the daily word of who somebody is was called over the years."""

IDENTIFYING: Final = IDENTIFY | {"user/sign_in", "user/sign_up"}
SETTING: Final = "user/set_attributes"
KINDS: Final = frozenset({"lead", "customer", "customers"})
"""Types of an item that is a person."""

TOLD: Final = frozenset(
    {
        *("name", "first_name", "last_name", "email", "phone", "gender", "birthday"),
        *("address", "avatar", "description", "username"),
    }
)
"""Fields of an identifying event that are attributes of the person."""

OF_THE_WIRE: Final = frozenset(
    {
        *("customer_id", "identify_id", "identify_event", "identify_time", "identify_type"),
        *("prop_id", "portal_id", "pv_id", "session_id", "visitor_type", "is_webview"),
        *("location_url", "referrer_url", "page_title", "click_bc"),
    }
)
CAMPAIGNS: Final = ("utm_", "atm_")
"""Fields that SDKs add to every event: they say nothing of the person."""


def cid_of(name: str, dims: Members, extra: Members, items: list[msgspec.Raw]) -> Any:
    """Find the CID in whichever shape it comes; None when there is none."""
    person = _person(name, items)
    found = (
        value_of(members_of("dims.customers", dims.get("customers")).get("customer_id")),
        value_of(extra.get("identify_id")),
        value_of(extra.get("customer_id")),
        value_of(person.get("id")),
    )
    return next((value for value in found if value is not None and value != ""), None)


def attributes_of(name: str, dims: Members, extra: Members, items: list[msgspec.Raw]) -> Members:
    """Gather what the event says of the person; the newer shape counts over the older."""
    told: Members = {}
    if name == SETTING:
        told = {field: raw for field, raw in extra.items() if not _is_of_the_wire(field)}
    elif name in IDENTIFYING:
        told = {field: raw for field, raw in extra.items() if field in TOLD}
    if (name == SETTING or name in IDENTIFYING) and "customer_name" in extra:
        told.pop("customer_name", None)
        told["name"] = extra["customer_name"]
    person = _person(name, items)
    users = members_of("dims.users", dims.get("users"))
    customers = members_of("dims.customers", dims.get("customers"))
    return {
        **told,
        **_without(person, "type", "id", "customer_id"),
        **_without(users, "user_id"),
        **_without(customers, "customer_id"),
    }


def _person(name: str, items: list[msgspec.Raw]) -> Members:
    """Give the first item of an identifying event, if it is a person."""
    if name not in IDENTIFYING or not items:
        return {}
    item = members_of("items[0]", items[0])
    kind = value_of(item.get("type"))
    return item if isinstance(kind, str) and kind in KINDS else {}


def _is_of_the_wire(field: str) -> bool:
    return field in OF_THE_WIRE or field.startswith(CAMPAIGNS)


def _without(members: Members, *names: str) -> Members:
    return {name: raw for name, raw in members.items() if name not in names}
