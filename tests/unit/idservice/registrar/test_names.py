"""Names of people: what may stand in one, and when two are the same (T71)."""

import pytest

from idservice.problems import Refused
from idservice.registrar.names import clean_name, folded


@pytest.mark.parametrize(
    "name", ["Tamm", "O'Brien", "O’Brien", "Anna-Maria", "Jr. Smith", "Ñuñez", "李", "Ko·ta", "Đặng", "Жуков", "أحمد"]
)
def test_a_name_in_one_alphabet_is_kept(name: str) -> None:
    assert clean_name(name, member="given_name") == name


def test_a_name_is_kept_in_nfc() -> None:
    assert clean_name("Jose\u0301", member="given_name") == "José"


@pytest.mark.parametrize(
    "name",
    [
        "",
        " Tamm",
        "Tamm ",
        "A  B",
        "Tamm1",
        "T\u202eamm",
        "T\u200bamm",
        "Ta\nmm",
        "<b>",
        "-",
        "'",
        "a" * 101,
        "Таmm",  # Cyrillic T and a before Latin m
        "Ρaul",  # Greek capital rho
        "Tamm\x00",
        "💠",
    ],
)
def test_T71_what_is_no_name_is_refused_without_being_quoted(name: str) -> None:
    with pytest.raises(Refused) as refusal:
        clean_name(name, member="family_name")
    assert refusal.value.code == "malformed"
    assert "family_name" in refusal.value.detail
    assert not name or name not in refusal.value.detail
    assert refusal.value.hint


@pytest.mark.parametrize("value", [None, 1, ["Tamm"], {"a": 1}])
def test_a_name_must_be_text(value: object) -> None:
    with pytest.raises(Refused):
        clean_name(value, member="family_name")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Søren Kierkegård", "Soren KIERKEGARD"),
        ("Ana María López", "Lopez Ana Maria"),
        ("Anna-Maria Tamm", "anna maria tamm"),
        ("O'Brien", "O’Brien"),
        ("Strauß", "Strauss"),
        ("Łukasz", "lukasz"),
    ],
)
def test_spellings_of_one_name_fold_to_the_same(one: str, other: str) -> None:
    assert folded(one) == folded(other)


def test_other_names_stay_apart() -> None:
    assert folded("Anna Tamm") != folded("Anne Tamm")
