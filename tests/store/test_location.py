"""Where a store is, and what of it may be shown."""

import pytest

from store.errors import BadAddress
from store.location import SQLITE, VARIABLE, address_in, is_postgres, without_password

SECRET = "swordfish"


@pytest.mark.parametrize("environ", [{}, {VARIABLE: ""}, {VARIABLE: SQLITE}])
def test_without_an_address_it_is_the_file_of_the_folder(environ: dict[str, str]) -> None:
    assert address_in(environ) is None


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
def test_an_address_names_a_database(scheme: str) -> None:
    address = f"{scheme}://onefold@db/profiles"
    assert address_in({VARIABLE: address}) == address
    assert is_postgres(address)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (f"postgresql://me:{SECRET}@db:5433/profiles", "postgresql://me@db:5433/profiles"),
        (f"postgres://me:{SECRET}@db/profiles?sslmode=require", "postgresql://me@db:5432/profiles"),
        (f"postgresql://db/profiles?user=me&password={SECRET}", "postgresql://me@db:5432/profiles"),
        (f"postgresql://me:{SECRET}@/x?host=/run/db", "postgresql://me@/x?host=/run/db"),
        (f"postgresql://a%40b:{SECRET}@db/x", "postgresql://a%40b@db:5432/x"),
        (f"postgresql://me@db/x?sslpassword={SECRET}", "postgresql://me@db:5432/x"),
        (SQLITE, SQLITE),
    ],
)
def test_what_is_shown_has_no_password(address: str, shown: str) -> None:
    assert without_password(address) == shown
    assert without_password(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        f"mysql://me:{SECRET}@db/x",
        f"me:{SECRET}@db",
        f"postgresql://me:{SECRET}%zz@db/x",
        f"postgresql://me@db/x?{SECRET}=1",
        f"postgresql://me:{SECRET}@[db/x",
        f"postgresql:/me:{SECRET}@db/x",
    ],
)
def test_what_is_no_address_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(BadAddress, match="Expected `sqlite` or an address like") as caught:
        without_password(text)
    assert SECRET not in str(caught.value) + repr(caught.value)
    assert caught.value.__context__ is None or caught.value.__suppress_context__
