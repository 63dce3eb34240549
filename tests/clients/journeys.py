"""A journey that every client makes, and the profiles that it must leave behind."""

from typing import Any, Final

import msgspec

from tests.cluster.calls import fresh
from tests.cluster.server import Server

TRAITS: Final = {"plan": "free", "email": "ana@example.com"}
GROUP: Final = "guild-7"
COUNTED: Final = ("activities", "customers", "folds", "refusals", "rejections")

ANAS: Final = {
    "$group": 1,
    "$page": 1,
    "$screen": 1,
    "App Opened": 1,
    "Order Completed": 1,
    "Product Viewed": 1,
}
BENS: Final = {"$page": 1, "Product Viewed": 1}
ADDED: Final = {"activities": 8, "customers": 2, "folds": 3, "refusals": 0, "rejections": 0}
NOTHING: Final = dict.fromkeys(ADDED, 0)


class People(msgspec.Struct, frozen=True):
    """Ana, who has had a phone and then a laptop; and Ben, who comes after her reset."""

    ana: str
    ben: str
    phone: str
    laptop: str
    after_reset: str


def people() -> People:
    """Make people whom no other test knows."""
    return People(*(fresh(name) for name in ("ana", "ben", "phone", "laptop", "reset")))


def calls(who: People) -> list[dict[str, Any]]:
    """Write down the journey for a client that is told the ids with every call."""
    return [
        _track("App Opened", anonymousId=who.phone),
        _page(anonymousId=who.laptop),
        _track("Product Viewed", anonymousId=who.laptop),
        {"type": "identify", "userId": who.ana, "anonymousId": who.laptop, "traits": TRAITS},
        _track("Order Completed", userId=who.ana),
        {"type": "group", "userId": who.ana, "groupId": GROUP, "traits": {"seats": 4}},
        {"type": "screen", "userId": who.ana, "name": "Settings"},
        {"type": "alias", "previousId": who.phone, "userId": who.ana},
        _page(anonymousId=who.after_reset),
        {"type": "identify", "userId": who.ben, "anonymousId": who.after_reset, "traits": {}},
        _track("Product Viewed", userId=who.ben),
    ]


def _track(event: str, **ids: str) -> dict[str, Any]:
    return {"type": "track", "event": event, "properties": {"sku": "G-32"}, **ids}


def _page(**ids: str) -> dict[str, Any]:
    return {"type": "page", "name": "Home", **ids}


def must_be_told(server: Server, who: People) -> None:
    """Check that the journey has made two customers, whole and apart."""
    ana, ben = server.customer(who.ana), server.customer(who.ben)
    assert ana["uids"] == sorted([who.laptop, who.phone])
    assert ana["activities"] == ANAS
    assert ana["attributes"].items() >= {**TRAITS, "groups": [GROUP]}.items()
    assert ben["uids"] == [who.after_reset]
    assert ben["activities"] == BENS
    assert ana["refusals"] == ben["refusals"] == []


def counted(server: Server) -> dict[str, int]:
    """Count what journeys add to; duplicates are left out, for they are no harm."""
    stats = server.stats()
    return {name: stats[name] for name in COUNTED}


def added(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    """Tell what came between two counts."""
    return {name: after[name] - before[name] for name in COUNTED}
