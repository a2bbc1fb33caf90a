import json
from base64 import b64encode
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from credentials.type_metadata import parse_type_metadata
from idservice import personalcode
from idservice.catalogue import SHIPPED, TypeCatalogue, load_catalogue
from idservice.problems import Refused
from idservice.typefile import LANGUAGES
from tests.factories import BASE_URL

TODAY = date(2026, 11, 22)
SETTINGS = {"issuing_authority": "Registry", "issuing_country": "EE"}


def catalogue(*folders: Path, dev: bool = False) -> TypeCatalogue:
    return load_catalogue(BASE_URL, [SHIPPED, *folders], dev=dev, settings=SETTINGS)


@pytest.fixture(scope="module")
def types() -> TypeCatalogue:
    return catalogue()


# --- the shipped types (scenarios: credential types) ------------------------------------------------

MANDATORY = {
    "pid": "family_name given_name birthdate place_of_birth nationalities issuing_authority issuing_country "
    "date_of_expiry",
    "age-over": "age_equal_or_over",
    "e-residency": "personal_administrative_number family_name given_name birthdate nationalities document_number "
    "date_of_issuance date_of_expiry issuing_authority issuing_country assurance_level",
    "signing": "family_name given_name personal_administrative_number date_of_expiry certificate",
    "official-role": "role agency_did scopes valid_until",
}


def test_the_types_that_are_shipped(types: TypeCatalogue) -> None:
    assert {kind.name for kind in types} == set(MANDATORY)
    for name, claims in MANDATORY.items():
        assert set(types.get(name).mandatory) == set(claims.split())
    assert {kind.name for kind in types if kind.key_role == "sign"} == {"signing"}
    assert {kind.name: kind.copies for kind in types if kind.copies != 10} == {"signing": 1}
    assert all(kind.lifetime.days <= 14 for kind in types)


def test_every_type_speaks_five_languages(types: TypeCatalogue) -> None:
    for kind in types:
        assert set(kind.names) >= set(LANGUAGES)
        assert all(claim.label[language] for claim in kind.file.claims for language in LANGUAGES)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["residence", "travel", "citizenship"]),
        ("et", ["elamis-", "reisimis-", "kodakondsus"]),
        ("pt", ["residência", "viagem", "cidadania"]),
        ("de", ["Aufenthalt", "Einreise", "Staatsangehörigkeit"]),
        ("ar", ["الإقامة", "السفر", "الجنسية"]),
    ],
)
def test_e_residency_says_what_it_does_not_give(types: TypeCatalogue, language: str, words: list[str]) -> None:
    description = types.get("e-residency").descriptions[language]
    assert all(word in description for word in words)


def test_metadata_is_what_the_library_reads(types: TypeCatalogue) -> None:
    for kind in types:
        read = parse_type_metadata(kind.metadata, vct=kind.vct)
        assert read.vct == f"{BASE_URL}/vct/{kind.name}/1"
        assert set(read.disclosable()) == set(kind.disclosable)
        assert kind.integrity == "sha256-" + b64encode(sha256(kind.metadata).digest()).decode()
        assert read.name("et") == kind.names["et"]


def test_nested_members_and_items_are_disclosed_one_by_one(types: TypeCatalogue) -> None:
    assert {("address",), ("address", "country"), ("nationalities",), ("nationalities", None)} <= set(
        types.get("pid").disclosable
    )
    assert ("age_equal_or_over", "18") in types.get("age-over").disclosable


def test_direct_offers_are_for_development(types: TypeCatalogue) -> None:
    assert not any(kind.direct_offer for kind in types)
    assert all(kind.direct_offer for kind in catalogue(dev=True))


def test_an_unknown_type_is_not_found(types: TypeCatalogue) -> None:
    for look in (types.get, types.by_vct):
        with pytest.raises(Refused) as refused:
            look("passport")
        assert refused.value.code == "not_found"
    assert types.by_vct(f"{BASE_URL}/vct/pid/1").name == "pid"


# --- a type is a file -------------------------------------------------------------------------------


def words(text: str = "x") -> dict[str, str]:
    return dict.fromkeys(LANGUAGES, text)


def entry(**changes: Any) -> dict[str, Any]:
    return {"path": ["name"], "value": "text", "label": words(), **changes}


def type_file(folder: Path, **changes: Any) -> Path:
    display = {language: {"name": "Library card", "description": "x"} for language in LANGUAGES}
    content = {"type": "library-card", "version": 1, "display": display, "claims": [entry(mandatory=True)], **changes}
    (folder / "library-card.json").write_text(json.dumps(content))
    return folder


def test_adding_a_type_is_adding_a_file(tmp_path: Path) -> None:
    card = catalogue(type_file(tmp_path)).get("library-card")
    assert card.vct == f"{BASE_URL}/vct/library-card/1"
    assert card.complete({"name": "A"}, today=TODAY) == {"name": "A"}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"copies": 0}, "copies"),
        ({"copies": "10"}, "copies"),
        ({"lifetime_days": 15}, "lifetime_days"),
        ({"version": 0}, "version"),
        ({"type": "Library Card"}, "type"),
        ({"surprise": 1}, "surprise"),
        ({"display": {"en": {"name": "x", "description": "x"}}}, "et, pt, de, ar"),
        ({"claims": []}, "claims"),
        ({"claims": [entry(label={"en": "x"})]}, "no words in et"),
        ({"claims": [entry(value="secret")]}, "value"),
        ({"claims": [entry(), entry()]}, "stands twice"),
        ({"claims": [entry(path=["exp"])]}, "belongs to the format"),
        ({"claims": [entry(path=["_sd"])]}, "belongs to the format"),
        ({"claims": [entry(path=["a", "b"])]}, "no entry above"),
        ({"claims": [entry(path=["a"]), entry(path=["a", "b"])]}, "does not fit"),
        ({"claims": [entry(path=["a"], value="list"), entry(path=["a", "b"])]}, "does not fit"),
        ({"claims": [entry(path=["a", 0])]}, "begin with a name"),
        ({"claims": [entry(computed="today_plus")]}, "parameter"),
        ({"claims": [entry(computed="magic")]}, "computed"),
    ],
)
def test_a_wrong_type_file_is_named_with_its_fault(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    with pytest.raises(Refused) as refused:
        catalogue(type_file(tmp_path, **changes))
    assert refused.value.code == "malformed"
    assert "library-card.json" in refused.value.detail
    assert told in refused.value.detail


@pytest.mark.parametrize("text", ["", "{", '{"type": "a", "type": "b"}', "[]"])
def test_a_type_file_is_strict_json(tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.json").write_text(text)
    with pytest.raises(Refused, match=r"bad\.json"):
        catalogue(tmp_path)


def test_two_files_cannot_define_one_type(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="two type files") as refused:
        catalogue(type_file(tmp_path, type="pid"))
    assert refused.value.code == "conflict"


# --- claims of one credential -------------------------------------------------------------------------

PERSON: dict[str, Any] = {
    "personal_administrative_number": "36805280109",
    "family_name": "Tamm",
    "given_name": "Mari",
    "birthdate": "1968-05-28",
    "nationalities": ["EE"],
    "assurance_level": "high",
}


def test_what_can_be_computed_is(types: TypeCatalogue) -> None:
    claims = types.get("e-residency").complete(PERSON, today=TODAY)
    assert claims["date_of_issuance"] == "2026-11-22"
    assert claims["date_of_expiry"] == "2031-11-22"
    assert (claims["issuing_authority"], claims["issuing_country"]) == ("Registry", "EE")
    assert claims["document_number"].startswith("ER")
    assert "pairwise_sub" not in claims
    assert set(claims) >= set(MANDATORY["e-residency"].split())


def test_what_is_given_comes_before_what_is_computed(types: TypeCatalogue) -> None:
    claims = types.get("e-residency").complete({**PERSON, "document_number": "AB1"}, today=TODAY)
    assert claims["document_number"] == "AB1"


def test_document_numbers_differ(types: TypeCatalogue) -> None:
    made = {types.get("e-residency").complete(PERSON, today=TODAY)["document_number"] for _ in range(50)}
    assert len(made) == 50


def test_29_february_ends_on_the_28th(types: TypeCatalogue) -> None:
    claims = types.get("e-residency").complete(PERSON, today=date(2028, 2, 29))
    assert claims["date_of_expiry"] == "2033-02-28"


@pytest.mark.parametrize(
    ("born", "expected"),
    [
        ("2008-11-22", {"16": True, "18": True, "65": False}),
        ("2008-11-23", {"16": True, "18": False, "65": False}),
        ("1961-11-22", {"16": True, "18": True, "65": True}),
        ("2010-11-23", {"16": False, "18": False, "65": False}),
    ],
)
def test_age_over_is_computed_from_a_birthdate_it_does_not_carry(
    types: TypeCatalogue, born: str, expected: dict[str, bool]
) -> None:
    assert types.get("age-over").complete({"birthdate": born}, today=TODAY) == {"age_equal_or_over": expected}


def test_names_are_kept_in_nfc(types: TypeCatalogue) -> None:
    claims = types.get("e-residency").complete({**PERSON, "family_name": "Mu\u0308ller"}, today=TODAY)
    assert claims["family_name"] == "M\u00fcller"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"family_name": None}, "malformed"),
        ({"family_name": ""}, "malformed"),
        ({"family_name": "x" * 2001}, "malformed"),
        ({"family_name": "a\u202eb"}, "malformed"),
        ({"family_name": "a\x00b"}, "malformed"),
        ({"birthdate": "1968-02-30"}, "malformed"),
        ({"birthdate": "28.05.1968"}, "malformed"),
        ({"birthdate": "19680528"}, "malformed"),
        ({"nationalities": "EE"}, "malformed"),
        ({"nationalities": []}, "malformed"),
        ({"nationalities": ["Estonia"]}, "malformed"),
        ({"nationalities": ["EE"] * 51}, "malformed"),
        ({"assurance_level": "highest"}, "malformed"),
        ({"pairwise_sub": "x"}, "malformed"),
        ({"vct": "x"}, "malformed"),
        ({"favourite_colour": "blue"}, "malformed"),
        ({"personal_administrative_number": "36805280108"}, "personal_code_invalid"),
        ({"personal_administrative_number": 36805280109}, "malformed"),
    ],
)
def test_claims_that_do_not_fit_are_refused_and_not_quoted(
    types: TypeCatalogue, changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refused) as refused:
        types.get("e-residency").complete({**PERSON, **changes}, today=TODAY)
    assert refused.value.code == code
    assert "Estonia" not in refused.value.detail
    assert "3680528010" not in refused.value.detail


@pytest.mark.parametrize("name", ["family_name", "assurance_level", "nationalities"])
def test_a_missing_claim_is_named(types: TypeCatalogue, name: str) -> None:
    given = {key: value for key, value in PERSON.items() if key != name}
    with pytest.raises(Refused, match=name) as refused:
        types.get("e-residency").complete(given, today=TODAY)
    assert refused.value.code == "claim_missing"


def test_nested_claims_are_checked(types: TypeCatalogue) -> None:
    pid = types.get("pid")
    given = {"family_name": "A", "given_name": "B", "birthdate": "2000-01-01", "nationalities": ["EE", "FI"]}
    claims = pid.complete({**given, "place_of_birth": {"country": "EE"}, "sex": 2}, today=TODAY)
    assert claims["place_of_birth"] == {"country": "EE"}
    wrongs: list[dict[str, Any]] = [
        {"place_of_birth": {}},
        {"place_of_birth": {"planet": "Earth"}},
        {"place_of_birth": "EE"},
        {"sex": 7},
        {"sex": True},
    ]
    for wrong in wrongs:
        with pytest.raises(Refused):
            pid.complete({**given, "place_of_birth": {"country": "EE"}, **wrong}, today=TODAY)


@pytest.mark.parametrize("value", ["data:image/png;base64,AAAA", "data:image/jpeg;base64,/9j/AA=="])
def test_a_portrait_is_an_image(types: TypeCatalogue, value: str) -> None:
    given = {
        "family_name": "A",
        "given_name": "B",
        "birthdate": "2000-01-01",
        "nationalities": ["EE"],
        "place_of_birth": {"country": "EE"},
    }
    assert types.get("pid").complete({**given, "picture": value}, today=TODAY)["picture"] == value
    for wrong in ("data:text/html;base64,AAAA", "https://example.com/a.png", "data:image/svg+xml;base64,AAAA"):
        with pytest.raises(Refused):
            types.get("pid").complete({**given, "picture": wrong}, today=TODAY)


# --- personal codes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "born"),
    [
        ("36805280109", date(1968, 5, 28)),
        ("40003150005", date(1900, 3, 15)),
        ("40003150421", date(1900, 3, 15)),
        ("40003151820", date(1900, 3, 15)),
    ],
)
def test_valid_personal_codes(code: str, born: date) -> None:
    assert personalcode.birthdate(code) == born


@pytest.mark.parametrize(
    "code",
    [
        "36805280108",
        "",
        "3680528010",
        "368052801099",
        "06805280109",
        "96805280109",
        "36813280109",
        "36802300109",
        "3680528010a",
        "٣٦٨٠٥٢٨٠١٠٩",
    ],
)
def test_invalid_personal_codes(code: str) -> None:
    with pytest.raises(Refused) as refused:
        personalcode.birthdate(code)
    assert refused.value.code == "personal_code_invalid"
    assert not code or code not in refused.value.detail


@pytest.mark.parametrize(
    ("born", "male", "first"),
    [
        (date(1899, 1, 2), True, "1990102"),
        (date(1968, 5, 28), False, "4680528"),
        (date(2000, 1, 1), True, "5000101"),
        (date(2199, 12, 31), False, "8991231"),
    ],
)
def test_the_first_seven_digits(born: date, male: bool, first: str) -> None:
    assert personalcode.prefix(born, male=male) == first
    assert personalcode.birthdate(personalcode.assemble(first, 7)) == born


@pytest.mark.parametrize("year", [1799, 2200])
def test_years_without_codes(year: int) -> None:
    with pytest.raises(Refused):
        personalcode.prefix(date(year, 1, 1), male=True)
