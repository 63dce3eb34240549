"""What may name a person, and what never does (rules C1 and C2)."""

import pytest

from domain.errors import BadIdentifier, PoisonIdentifier
from domain.identifiers import POISON, identifier


@pytest.mark.parametrize("absent", [None, "", " ", "\t  "])
def test_c1_null_and_blank_text_are_absent(absent: object) -> None:
    assert identifier("userId", absent) is None


@pytest.mark.parametrize(
    "placeholder",
    [
        *("null", "undefined", "none", "nil", "nan", "0", "-1", "anonymous", "guest", "unknown"),
        *("true", "false", "[object Object]", "not_set", "n/a"),
    ],
)
def test_c1_a_placeholder_names_nobody(placeholder: str) -> None:
    with pytest.raises(PoisonIdentifier):
        identifier("userId", placeholder)


@pytest.mark.parametrize("disguised", ["NULL", "Undefined", "  guest ", "N/A ", "[OBJECT OBJECT]"])
def test_c1_placeholders_are_compared_trimmed_and_in_any_case(disguised: str) -> None:
    with pytest.raises(PoisonIdentifier):
        identifier("anonymousId", disguised)


@pytest.mark.parametrize("zeros", ["0", "00", "0000000000000000", " 000 "])
def test_c1_any_run_of_zeros_is_a_placeholder(zeros: str) -> None:
    with pytest.raises(PoisonIdentifier):
        identifier("userId", zeros)


@pytest.mark.parametrize("value", [0, 0.0, -0.0, -1, True, False, float("nan")])
def test_c1_a_placeholder_stays_one_when_it_is_no_text(value: object) -> None:
    with pytest.raises(PoisonIdentifier):
        identifier("userId", value)


@pytest.mark.parametrize("name", ["nullable", "guest-7", "00a", "-10", "anonymous-koala", "10"])
def test_c1_a_name_that_only_resembles_a_placeholder_is_a_name(name: str) -> None:
    assert identifier("userId", name) == name


def test_c1_the_poison_list_is_configuration() -> None:
    with pytest.raises(PoisonIdentifier):
        identifier("userId", "House Account", POISON | {"house account"})
    assert identifier("userId", "guest", frozenset()) == "guest"


def test_c1_the_refusal_of_a_placeholder_names_the_field_and_the_value() -> None:
    with pytest.raises(PoisonIdentifier, match=r"Expected userId .* the placeholder 'NULL'") as it:
        identifier("userId", "NULL")
    assert (it.value.code, it.value.field, it.value.value) == ("poison_id", "userId", "NULL")


@pytest.mark.parametrize(
    ("number", "text"), [(42, "42"), (42.0, "42"), (-7, "-7"), (1.5, "1.5"), (2**63, str(2**63))]
)
def test_c2_numbers_become_strings(number: float, text: str) -> None:
    assert identifier("userId", number) == text


def test_c2_an_id_of_255_characters_is_taken_and_one_of_256_is_not() -> None:
    assert identifier("userId", "é" * 255) == "é" * 255
    with pytest.raises(BadIdentifier, match="256 characters, more than 255"):
        identifier("userId", "é" * 256)


@pytest.mark.parametrize("control", ["\x00", "\x1f", "\x7f", "\x9f", "\n", "\t"])
def test_c2_an_id_with_a_control_character_is_rejected(control: str) -> None:
    with pytest.raises(BadIdentifier, match="control character"):
        identifier("anonymousId", f"u{control}1")


@pytest.mark.parametrize("value", [["u1"], {"id": "u1"}, b"u1"])
def test_c2_only_text_and_numbers_are_ids(value: object) -> None:
    with pytest.raises(BadIdentifier, match="Expected userId to be an id, but it is of type"):
        identifier("userId", value)


def test_an_id_is_kept_exactly_as_it_was_sent() -> None:
    assert identifier("userId", " Ana@example.com ") == " Ana@example.com "
