"""A network of our own: a bridge, and nodes behind links that can be cut.

Its namespaces have no names: the kernel takes each away, bridge and links included, with the last
process in it, however the run ends. Nothing of it can be seen or reached from outside.
"""

import ctypes
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Final, TypeVar

import msgspec

NEW_NETWORK: Final = 0x40000000
"""`CLONE_NEWNET` of the kernel: Python knows `unshare` and `setns` from 3.12 on only."""

HOME: Final = "10.77.0.1"
"""Where the head, the database and the clients are."""

OWN: Final = Path("/proc/thread-self/ns/net")

T = TypeVar("T")

_libc = ctypes.CDLL(None, use_errno=True)


class Link(msgspec.Struct, frozen=True):
    """The way to a node that is in a namespace of its own, open as `namespace`."""

    address: str
    name: str
    namespace: int

    def run(self, work: Callable[[], T]) -> T:
        """Do some work at the other end: processes that it starts are there for good."""
        return _on_a_thread(lambda: _entered(self.namespace, work))

    @contextmanager
    def cut(self) -> Iterator[None]:
        """Let nothing through for as long as the block runs."""
        _ip("link", "set", self.name, "down")
        try:
            yield
        finally:
            _ip("link", "set", self.name, "up")

    def remove(self) -> None:
        """Take the link away; the namespace goes with its last process."""
        _ip("link", "delete", self.name)
        os.close(self.namespace)


class Network:
    """A bridge at home. To be made by the main thread before there is any other one."""

    def __init__(self) -> None:
        self._numbers = count(2)
        _call(_libc.unshare(NEW_NETWORK))
        _ip("link", "set", "lo", "up")
        _ip("link", "add", "bridge", "type", "bridge")
        _ip("address", "add", f"{HOME}/16", "dev", "bridge")
        _ip("link", "set", "bridge", "up")
        _ip("route", "add", "default", "dev", "bridge")  # Ray asks which way it would go out

    def link(self) -> Link:
        """Make a namespace and a link to it, with an address that nobody had before."""
        number = next(self._numbers)
        address = f"10.77.{number // 250}.{number % 250}"
        namespace = _on_a_thread(_new_namespace)
        name, there = f"to{number}", f"at{number}"
        _ip("link", "add", name, "type", "veth", "peer", "name", there)
        _on_a_thread(partial(_handed_over, there, namespace))
        _ip("link", "set", name, "master", "bridge", "up")
        link = Link(address, name, namespace)
        link.run(partial(_set_up, there, address))
        return link


def why_not() -> str | None:
    """Tell why there can be no network of our own here; None when there can."""
    if os.geteuid() != 0:
        return "only root may make network namespaces"
    if shutil.which("ip") is None:
        return "there is no `ip`; the package iproute2 has it"
    try:
        _on_a_thread(_new_bridge)
    except (OSError, subprocess.CalledProcessError) as error:
        return f"this machine makes no network namespaces with bridges: {error}"
    return None


def _new_bridge() -> None:
    _call(_libc.unshare(NEW_NETWORK))
    _ip("link", "add", "bridge", "type", "bridge")
    _ip("link", "add", "here", "type", "veth", "peer", "name", "there")


def _new_namespace() -> int:
    _call(_libc.unshare(NEW_NETWORK))
    return os.open(OWN, os.O_RDONLY | os.O_CLOEXEC)


def _handed_over(name: str, namespace: int) -> None:
    """Move one end of a link into a namespace, which `ip` knows by a path."""
    _ip("link", "set", name, "netns", f"/proc/{os.getpid()}/fd/{namespace}")


def _set_up(name: str, address: str) -> None:
    _ip("link", "set", "lo", "up")
    _ip("address", "add", f"{address}/16", "dev", name)
    _ip("link", "set", name, "up")
    _ip("route", "add", "default", "via", HOME)


def _entered(namespace: int, work: Callable[[], T]) -> T:
    _call(_libc.setns(namespace, NEW_NETWORK))
    return work()


def _on_a_thread(work: Callable[[], T]) -> T:
    """Do some work on a thread that ends with it: this one stays at home."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work).result()


def _ip(*arguments: str) -> None:
    command = ["ip", *arguments]
    subprocess.run(command, check=True, capture_output=True, text=True)


def _call(result: int) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
