"""The configuration: one frozen value, made in one place."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from domain.attributes import Policies, Policy
from domain.identifiers import POISON
from service.limits import Limits, Positive
from service.loopback import is_loopback
from service.settings import ConfigError, Setting, Source, given, sources
from service.wire.rules import LINKS, WireRules
from store.errors import BadAddress
from store.location import SQLITE, without_password

__all__ = ["Config", "ConfigError", "Setting", "explain", "load_config"]

SECRETS = ("ONEFOLD_WRITE_KEY", "ONEFOLD_API_TOKEN", "ONEFOLD_MASTER_KEY")
"""Environment only: they are no settings, so that no file and no print holds them."""

FOLDER = Path("onefold-data")

LinkKind = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]*$", max_length=32)]
Url = Annotated[str, msgspec.Meta(pattern=r"^(https?://[^/?#\s][^?#\s]*)?$")]
LinkPath = Annotated[str, msgspec.Meta(pattern=r"^(context|properties|traits)(\.[^.]+)+$")]


def cores_to_spare() -> int:
    """Count the cores that this process may use, less one for the gateway."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, (usable or 1) - 1)


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that can be set.

    `store` is `sqlite`, a file in the data folder, or the address of a PostgreSQL database.

    `ray_address` is the Ray cluster to join, `auto` or host:port; empty for a Ray of our own.

    `projectors` are the actors that share the projections between them.

    `hosts` are profile hosts, `queue` the calls that may wait for one, `batch` those it is given
    at once, `live_profiles` the profiles it keeps in memory.

    `public_url` is where browsers reach this server, when it is not what their requests say
    (behind a proxy that speaks TLS for it or changes the host).

    `links` are the link keys (kind -> path into a call), `poison` further ids that name nobody,
    `policies` those of attributes by name. A gateway resends for `retry_for` seconds before it
    answers 503. With `synchronous` normal, a power cut may cost the last moments.

    `demo` offers a shop that reads profiles without a token: on `loopback` only when `host` is,
    or `anywhere`.
    """

    data: Path = FOLDER
    store: str = SQLITE
    ray_address: str = ""
    host: str = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65_535)] = 8080
    public_url: Url = ""
    hosts: Positive = msgspec.field(default_factory=cores_to_spare)
    projectors: Positive = 1
    limits: Limits = Limits()
    links: dict[LinkKind, LinkPath] = msgspec.field(default_factory=LINKS.copy)
    poison: tuple[str, ...] = ()
    policies: Policies = Policies()
    live_profiles: Positive = 50_000
    batch: Positive = 1_000
    queue: Positive = 20_000
    retry_for: Annotated[float, msgspec.Meta(ge=0)] = 20.0
    synchronous: Literal["full", "normal"] = "full"
    demo: Literal["off", "loopback", "anywhere"] = "off"

    def wire_rules(self) -> WireRules:
        """Give the rules by which calls are read."""
        poison = frozenset(text.strip().lower() for text in self.poison)
        return WireRules(self.limits, dict(self.links), POISON | poison)

    def without_password(self) -> "Config":
        """Give the configuration as it may be shown, kept and sent about."""
        return msgspec.structs.replace(self, store=without_password(self.store))


def load_config(
    file: Path | None, environ: Mapping[str, str], flags: Mapping[str, object]
) -> Config:
    """Read the configuration: a flag counts before `ONEFOLD_*`, before the file, before defaults.

    Without `file`, `onefold.toml` in the current folder is read when it is there. Each setting
    is taken whole from the strongest that names it. Raises `ConfigError`.
    """
    return _config(sources(file, environ, flags, _TYPES, SECRETS))


def explain(
    file: Path | None, environ: Mapping[str, str], flags: Mapping[str, object]
) -> list[Setting]:
    """List every setting, its value and where it comes from; secrets only by being set."""
    found = sources(file, environ, flags, _TYPES, SECRETS)
    config = _config(found).without_password()
    settings = [
        Setting(name, _shown(getattr(config, name)), given(name, found)[1]) for name in _TYPES
    ]
    return settings + [_secret(name, environ) for name in SECRETS]


_TYPES: dict[str, Any] = {
    **{field.name: field.type for field in msgspec.structs.fields(Config)},
    "data": str,
    "policies": dict[str, Policy],
}
"""What each setting is written as."""


def _config(found: list[Source]) -> Config:
    values: dict[str, Any] = {}
    for name in _TYPES:
        value, origin = given(name, found)
        if origin != "default":
            values[name] = value
    values["data"] = Path(values.get("data", FOLDER)).expanduser().absolute()
    if "policies" in values:
        values["policies"] = Policies(named={**Policies().named, **values["policies"]})
    config = Config(**values)
    _expect_address(config, given("store", found)[1])
    _expect_loopback(config, given("host", found)[1])
    return config


def _expect_loopback(config: Config, origin: str) -> None:
    """Raise for a demo that others could reach, unless that is wanted."""
    if config.demo == "loopback" and not is_loopback(config.host):
        expected = "a host on loopback for the demo, such as 127.0.0.1 (or demo = anywhere)"
        raise ConfigError(where=origin, expected=expected, found=config.host)


def _expect_address(config: Config, origin: str) -> None:
    """Raise for a store that is none, without repeating it: there may be a password in it."""
    try:
        config.without_password()
    except BadAddress as error:
        expected = "`sqlite` or an address like postgresql://user@host:5432/name"
        raise ConfigError(where=origin, expected=expected, found="something else") from error


def _shown(value: object) -> str:
    if isinstance(value, str | Path):
        return str(value)
    if isinstance(value, Policies):
        value = value.named
    return msgspec.json.encode(value).decode()


def _secret(name: str, environ: Mapping[str, str]) -> Setting:
    is_set = bool(environ.get(name))
    return Setting(name, "set (hidden)" if is_set else "not set", "environment" if is_set else "-")
