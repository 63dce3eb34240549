"""How a projector makes room for what is being taken in (decision 0037).

A page of ten thousand events costs half as much an event as one of a thousand, and whatever else
runs on a machine's cores slows its hosts. So while hosts write, a projector rests after each
page, and finds a larger one when it comes back.
"""

RESTS = 4.0
"""How many times as long as a page took it rests: under little load that is milliseconds."""

LONGEST = 2.0
"""Seconds of the longest rest."""

FAR = 250_000
"""Events behind the log at which it rests no more: twenty seconds of what two cores take in."""


def rest_after(worked: float, behind: int) -> float:
    """Tell how many seconds to rest after a page that took `worked` seconds.

    `behind` is how many events the log has that some view does not.
    """
    return 0.0 if behind > FAR else min(RESTS * worked, LONGEST)
