"""draft-ietf-oauth-sd-jwt-vc: the published type metadata."""

import json
from typing import Any

import pytest

from credentials.claims import parse_path, select
from credentials.errors import MalformedCredential
from credentials.type_metadata import check_integrity, integrity, load, parse_type_metadata
from tests.paths import need


def _published() -> Any:
    return json.loads(need("sd-jwt-vc", "type_metadata.json").read_text("utf-8"))


def test_published_extension_has_the_published_effect() -> None:
    case = _published()["extends"]
    documents = {part["vct"]: json.dumps(part).encode() for part in (case["base"], case["child"])}
    effective = load(case["child"]["vct"], get=documents.get)
    assert effective.lineage == (case["base"]["vct"],)
    assert [
        {"path": list(rule.path), "display": [{"label": label, "locale": tag} for tag, label in rule.labels.items()]}
        for rule in effective.claims
    ] == case["effective"]["claims"]


def test_published_document_parses_and_its_integrity_value_is_well_formed() -> None:
    case = _published()["integrity_example"]
    metadata = parse_type_metadata(case["document"].encode())
    assert metadata.name() == "Betelgeuse Education Credential - Version 42"
    assert metadata.extends == "https://galaxy.example.com/galactic-education-credential/v2"
    # the printed value is of another document: only its syntax can be used
    printed = case["claims"].partition("vct#integrity")[2].split('"')[2]
    with pytest.raises(Exception, match="not the document"):
        check_integrity(case["document"].encode(), printed)
    check_integrity(case["document"].encode(), integrity(case["document"].encode()))
    with pytest.raises(MalformedCredential):
        check_integrity(case["document"].encode(), "md5-AAAA")


@pytest.mark.parametrize(
    ("path", "values"),
    [
        (["name"], ["Arthur Dent"]),
        (["address", "street_address"], ["42 Market Street"]),
        (["degrees", None, "type"], ["Bachelor of Science", "Master of Science"]),
        (["nationalities", 1], ["Betelgeusian"]),
        (["nationalities", 2], []),
        (["name", "first"], []),
    ],
)
def test_published_claim_paths(path: list[Any], values: list[Any]) -> None:
    assert select(parse_path(path), _published()["claim_path_credential"]) == values
