"""Looks at what usually goes wrong: the folder, the key, the store, the disk, the port."""

import shutil
import stat
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Literal

import msgspec

from projections import projections
from service.config import Config
from service.credentials import Credentials
from service.keys import DEFAULT_SOURCE, stored_credentials
from service.readiness import PortTaken, free_port
from service.settings import service_links
from store.errors import StoreError, StoreInUse
from store.folder import DATABASE, LOCK, FolderLock, open_store
from store.location import is_postgres
from store.master_key import FILE
from store.views.opening import open_views
from store.views.reader import Views

LOW_DISK = 1_000_000_000


class Finding(msgspec.Struct, frozen=True):
    """One thing looked at."""

    level: Literal["ok", "warning", "problem"]
    checked: str
    found: str


def examine(config: Config, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Look at everything that can be looked at without changing it."""
    yield Finding("ok", "Python", sys.version.split()[0])
    yield from _service_links(environ)
    if not (config.data / (LOCK if is_postgres(config.store) else DATABASE)).exists():
        yield Finding("warning", "data folder", f"no store in {config.data} yet: `onefold serve`")
        if is_postgres(config.store):
            yield from _store(config, environ)
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
    yield from _store(config, environ)
    yield from _views(config, environ)
    if not is_running:
        yield _port(config)


def _store(config: Config, environ: Mapping[str, str]) -> Iterator[Finding]:
    try:
        store = open_store(config.data, environ, config.synchronous, config.policies)
        with closing(store.backend):
            position = store.backend.position()
            credentials = stored_credentials(store)
    except StoreError as error:
        yield Finding("problem", "store", str(error))
        return
    yield Finding("ok", "store", f"opens with its key; log at position {position:,}")
    yield _sources(credentials)


def _sources(credentials: Credentials) -> Finding:
    """Tell of sources from which no call can come."""
    sources = credentials.all_sources()
    enabled = [source.name for source in sources if source.is_enabled]
    if sources and not enabled:
        return Finding("warning", "sources", "all are disabled: `onefold sources enable NAME`")
    keyless = [name for name in enabled if not credentials.keys_of(name)]
    if DEFAULT_SOURCE in keyless:
        keyless.remove(DEFAULT_SOURCE)  # it takes the key that the server's environment gives
    if keyless:
        found = f"no write key for {', '.join(keyless)}: `onefold sources key NAME`"
        return Finding("warning", "sources", found)
    return Finding("ok", "sources", ", ".join(enabled) or "none yet")


def _views(config: Config, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Tell of views that cannot be read, and of streams that they could not fold."""
    versions = {p.name: p.version for p in projections(config.policies)}
    try:
        with closing(Views(open_views(config.data, environ), versions)) as views:
            outdated, told = views.outdated(), views.status(0)
    except StoreError as error:
        yield Finding("warning", "views", str(error))
        return
    for view in outdated:
        yield Finding("warning", "views", str(view))
    for row in told:
        if row.state == "live" and row.parked:
            found = f"{row.name}: {row.parked:,} parked; `onefold projections retry {row.name}`"
            yield Finding("warning", "views", found)
    if not outdated:
        live = sorted(row.name for row in told if row.state == "live")
        yield Finding("ok", "views", f"live: {', '.join(live) or 'none'}")


def _service_links(environ: Mapping[str, str]) -> Iterator[Finding]:
    names = service_links(environ)
    if names:
        found = f"{', '.join(names)} are ignored: set enableServiceLinks to false"
        yield Finding("warning", "environment", found)


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
