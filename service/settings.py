"""Where settings come from, and what is wrong with those that cannot be used."""

import re
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

FILE = Path("onefold.toml")
PREFIX = "ONEFOLD_"

_LINK: Final = re.compile(
    r"ONEFOLD_([A-Z0-9_]+_)?"
    r"(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)"
)
_LINKED_PORT: Final = re.compile(r"ONEFOLD_([A-Z0-9_]+_)?PORT")
_ADDRESS: Final = re.compile(r"(tcp|udp|sctp)://")


class ConfigError(Exception):
    """The configuration cannot be used; says what was expected, where, and what is."""

    def __init__(self, *, where: str, expected: str, found: str) -> None:
        super().__init__(f"Expected {expected} in {where}, got {found}")
        self.where = where


class Setting(msgspec.Struct, frozen=True):
    """A setting as it is shown to people."""

    name: str
    value: str
    origin: str


class Source(msgspec.Struct, frozen=True):
    """The settings that came from one place, and how each is called there."""

    values: dict[str, Any]
    origins: dict[str, str]


def sources(
    file: Path | None,
    environ: Mapping[str, str],
    flags: Mapping[str, object],
    types: Mapping[str, Any],
    secrets: Collection[str],
) -> list[Source]:
    """Read every place that settings come from, the strongest first. Raises `ConfigError`."""
    chosen = {name: value for name, value in flags.items() if value is not None}
    spoken = {
        name: value
        for name, value in environ.items()
        if name.startswith(PREFIX) and name not in secrets and not _is_service_link(name, value)
    }
    return [
        _source(chosen, types, {name: f"--{name.replace('_', '-')}" for name in chosen}),
        _source(
            {name.removeprefix(PREFIX).lower(): value for name, value in spoken.items()},
            types,
            {name.removeprefix(PREFIX).lower(): name for name in spoken},
            as_text=True,
        ),
        _from_file(file, types),
    ]


def service_links(environ: Mapping[str, str]) -> list[str]:
    """List the variables that Kubernetes sets for services whose names begin with `onefold`.

    With `enableServiceLinks`, its default, every container gets `ONEFOLD_PORT=tcp://10.0.0.7:80`
    and the like. They are no settings.
    """
    return sorted(name for name, value in environ.items() if _is_service_link(name, value))


def _is_service_link(name: str, value: str) -> bool:
    if _LINK.fullmatch(name):
        return True
    return _LINKED_PORT.fullmatch(name) is not None and _ADDRESS.match(value) is not None


def given(name: str, found: list[Source]) -> tuple[Any, str]:
    """Give the value of a setting and its origin; origin `default` when nobody names it."""
    for source in found:
        if name in source.values:
            return source.values[name], source.origins[name]
    return None, "default"


def _from_file(file: Path | None, types: Mapping[str, Any]) -> Source:
    if file is None and not FILE.exists():
        return Source({}, {})
    path = FILE if file is None else file
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        found = error.strerror or str(error)
        raise ConfigError(where=str(path), expected="a readable file", found=found) from None
    except ValueError as error:
        raise ConfigError(where=str(path), expected="TOML", found=str(error)) from None
    return _source(values, types, dict.fromkeys(values, str(path)))


def _source(
    values: Mapping[str, Any],
    types: Mapping[str, Any],
    origins: dict[str, str],
    *,
    as_text: bool = False,
) -> Source:
    for name in values:
        if name not in types:
            known = f"one of the settings {', '.join(types)}"
            raise ConfigError(where=origins[name], expected=known, found=repr(name))
    return Source(
        {
            name: _converted(name, value, types[name], origins[name], as_text=as_text)
            for name, value in values.items()
        },
        origins,
    )


def _converted(name: str, value: Any, kind: Any, origin: str, *, as_text: bool) -> Any:
    if isinstance(value, Path):
        value = str(value)
    try:
        if as_text and kind is not str and value[:1] in {"{", "["}:
            return msgspec.json.decode(value, type=kind)
        return msgspec.convert(value, kind, strict=not as_text)
    except msgspec.DecodeError as error:
        expected, found = f"a usable {name}", f"{value!r}: {error}"
        raise ConfigError(where=origin, expected=expected, found=found) from None
