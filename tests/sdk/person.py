"""What somebody does on a page, and what Onefold then knows."""

import json
from typing import Any

from playwright.sync_api import Page

READY = "() => window.web_event && web_event.onefold"


def visit(page: Page, url: str) -> None:
    """Open a page and wait for the SDK."""
    page.goto(url)
    page.wait_for_function(READY)


def do(page: Page, script: str) -> Any:
    """Run a script in the page, then have everything sent."""
    result = page.evaluate(f"async () => {{ {script} }}")
    sent(page)
    return result


def sent(page: Page) -> None:
    """Wait until nothing waits in the queue."""
    page.wait_for_function(
        "async () => { await onefold.flush();"
        " return !Object.keys(localStorage).some((name) => name.startsWith('onefold_q')); }"
    )


def uid(page: Page) -> str:
    """Tell the UID that is in force."""
    found: str = page.evaluate("onefold.getUid()")
    return found


def sign_in(cid: str, action: str = "sign_in", **attributes: Any) -> str:
    """Write the seed's sign-in."""
    customers = json.dumps({"customer_id": cid, **attributes})
    return f"web_event.track('user', '{action}', {{ dims: {{ customers: {customers} }} }});"


LOSE_THE_UID = (
    "document.cookie = 'onefold_uid=;path=/;max-age=0'; localStorage.removeItem('onefold_uid');"
)
