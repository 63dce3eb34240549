"""Looks at what usually goes wrong: the folder, the key, the store, the disk, the port."""

import shutil
import stat
import sys
from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from service.config import Config
from service.readiness import PortTaken, free_port
from store.errors import StoreError, StoreInUse
from store.folder import DATABASE, FolderLock, open_store
from store.master_key import FILE

LOW_DISK = 1_000_000_000


class Finding(msgspec.Struct, frozen=True):
    """One thing looked at."""

    level: Literal["ok", "warning", "problem"]
    checked: str
    found: str


def examine(config: Config, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Look at everything that can be looked at without changing it."""
    yield Finding("ok", "Python", sys.version.split()[0])
    if not (config.data / DATABASE).exists():
        yield Finding("warning", "data folder", f"no store in {config.data} yet: `onefold serve`")
        yield _port(config)
        return
    is_running = False
    try:
        FolderLock(config.data).release()
    except StoreInUse:
        is_running = True
    yield Finding("ok", "data folder", f"{config.data}, {'in use' if is_running else 'not in use'}")
    yield _disk(config)
    yield from _key_file(config)
    yield _store(config, environ)
    if not is_running:
        yield _port(config)


def _store(config: Config, environ: Mapping[str, str]) -> Finding:
    try:
        store = open_store(config.data, environ, config.synchronous, config.policies)
        position = store.backend.position()
    except StoreError as error:
        return Finding("problem", "store", str(error))
    return Finding("ok", "store", f"opens with its key; log at position {position:,}")


def _disk(config: Config) -> Finding:
    free = shutil.disk_usage(config.data).free
    level: Literal["ok", "problem"] = "ok" if free > LOW_DISK else "problem"
    return Finding(level, "disk", f"{free / 1e9:,.1f} GB free")


def _key_file(config: Config) -> Iterator[Finding]:
    path = config.data / FILE
    if path.exists():
        mode = stat.S_IMODE(path.stat().st_mode)
        level: Literal["ok", "problem"] = "ok" if mode & 0o077 == 0 else "problem"
        yield Finding(level, "master key", f"{path} has mode {mode:04o}, expected 0600")


def _port(config: Config) -> Finding:
    try:
        free_port(config.host, config.port)
    except PortTaken as error:
        return Finding("problem", "port", str(error))
    return Finding("ok", "port", f"{config.port} on {config.host} is free")
