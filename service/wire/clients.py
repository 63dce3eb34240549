"""The browser, system and device that a user agent's text names."""

from functools import lru_cache

from ua_parser import parse

AGENTS = 10_000
"""Texts whose meaning is kept in memory; a new one costs about 300 us."""

LONGEST = 512
"""Characters of a text that are looked at."""

Agent = tuple[str | None, str | None, str | None]
"""Browser and system with their major version, and the device; None where it says nothing."""

UNNAMED: Agent = (None, None, None)


def load_patterns() -> None:
    """Get ready to read: who reads first otherwise waits a quarter of a second for it."""
    parse("")


def agent_of(text: object) -> Agent:
    """Read a user agent."""
    return _read(text[:LONGEST]) if type(text) is str and text else UNNAMED


@lru_cache(AGENTS)
def _read(text: str) -> Agent:
    found = parse(text)
    browser, system, device = found.user_agent, found.os, found.device
    return (
        None if browser is None else versioned(browser.family, browser.major),
        None if system is None else versioned(system.family, system.major),
        None if device is None else device.family,
    )


def versioned(family: str, version: object) -> str:
    """Name a family with the major part of its version, as far as there is one."""
    major = version.partition(".")[0] if isinstance(version, str) else ""
    return f"{family} {major}" if major else family
