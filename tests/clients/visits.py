"""A person's visit to the shop, in a real browser, with an SDK that sends through a proxy."""

from typing import Any, Final

import msgspec
from playwright.sync_api import Page

from tests.clients.journeys import GROUP, TRAITS
from tests.clients.proxy import Proxy
from tests.cluster.server import WRITE_KEY


class Sdk(msgspec.Struct, frozen=True):
    """A browser SDK: the shop's page that has it, its options, and where it must send.

    `paths` are those of its calls; `version` is the one that its calls must name.
    """

    page: str
    version: str
    paths: frozenset[str]
    options: dict[str, Any] = {}


class Visit:
    """What happens on one page, each step until the server has all of its calls."""

    def __init__(self, page: Page, proxy: Proxy, sdk: Sdk, shop: str) -> None:
        self._page = page
        self._proxy = proxy
        self._sent = 0
        page.goto(f"{shop}/{sdk.page}.html")
        order = {"key": WRITE_KEY, "url": proxy.url, "options": sdk.options}
        page.evaluate("order => load(order)", order)

    @property
    def uid(self) -> str:
        """The UID that the SDK has minted."""
        uid: str = self._page.evaluate("uid()")
        return uid

    def browse(self, *, leaving: bool = False) -> None:
        """Look around: a page and a product. `leaving`: and close the page at once."""
        self._step("browse", 2, leaving=leaving)

    def sign_up(self, cid: str) -> None:
        """Become a customer, buy something, join a group."""
        self._step("signUp", 3, cid=cid, traits=TRAITS, group=GROUP)

    def log_in(self, cid: str) -> None:
        """Come back as somebody: a page first, then the identify and a product."""
        self._step("logIn", 3, cid=cid)

    def switch(self, cid: str) -> None:
        """Log in as somebody else without logging out first."""
        self._step("switch", 2, cid=cid)

    def rename(self, cid: str) -> None:
        """Call the present person by another CID."""
        self._step("rename", 1, cid=cid)

    def reset(self, options: object = None) -> None:
        """Log out."""
        self._page.evaluate("options => reset(options ?? undefined)", options)

    def _step(self, name: str, calls: int, *, leaving: bool = False, **given: Any) -> None:
        self._sent += calls
        given = {**given, "leaving": leaving}
        self._page.evaluate("([name, given]) => step(name, given)", [name, given])
        if leaving:
            self._page.goto("about:blank")
        self._proxy.wait_until(lambda: len(self._proxy.acknowledged()) >= self._sent)


ANAS: Final = {"$group": 1, "$page": 1, "Order Completed": 1, "Product Viewed": 1}
BENS: Final = {"$page": 1, "Product Viewed": 1}
