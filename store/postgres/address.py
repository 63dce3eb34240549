"""Where a database is, in words that may be shown: a password is nobody's business."""

from urllib.parse import quote

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from store.errors import BadAddress

_DEFAULTS: dict[str, str | int] = {
    "application_name": "onefold",
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""What libpq is told unless the address says otherwise: a dead network is noticed in seconds."""


def conninfo(address: str) -> str:
    """Complete an address with what makes connections honest; raises `BadAddress`."""
    given = _parts(address)
    return make_conninfo("", **{**_DEFAULTS, **given})


def shown(address: str) -> str:
    """Write an address without its password and options; raises `BadAddress`."""
    parts = _parts(address)
    user = f"{quote(parts['user'])}@" if "user" in parts else ""
    host, port = parts.get("host", "localhost"), parts.get("port", "5432")
    name = quote(parts.get("dbname", ""))
    if host.startswith("/"):
        return f"postgresql://{user}/{name}?host={host}"
    return f"postgresql://{user}{host}:{port}/{name}"


def _parts(address: str) -> dict[str, str]:
    try:
        return {name: str(value) for name, value in conninfo_to_dict(address).items()}
    except ProgrammingError:
        # Its words repeat the address, and with it the password.
        raise BadAddress from None
