"""Type metadata: forms, integrity, extension, labels, rules (T20)."""

import base64
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credentials.errors import ClaimMissing, DisclosureInvalid, IdError, MalformedCredential, TypeUnexpected
from credentials.type_metadata import (
    MAX_CLAIM_RULES,
    MAX_EXTENDS,
    check_claims,
    check_integrity,
    integrity,
    load,
    load_known,
    parse_type_metadata,
)

VCT = "https://id.example/vct/e-residency/1"
FULL = {
    "vct": VCT,
    "name": "e-Residency",
    "description": "Who may use e-services",
    "display": [
        {"locale": "en", "name": "e-Residency card", "description": "English"},
        {"locale": "et", "name": "e-residendi kaart"},
        {"locale": "pt-BR", "name": "Cartão"},
    ],
    "claims": [
        {
            "path": ["family_name"],
            "display": [{"locale": "en", "label": "Family name", "description": "As in the passport"}],
            "mandatory": True,
            "sd": "always",
            "svg_id": "family",
        },
        {"path": ["nationalities", None], "display": [{"locale": "en", "label": "Nationality"}]},
        {"path": ["degrees", 0], "display": [{"locale": "en", "label": "First degree"}]},
        {"path": ["issuing_authority"], "sd": "never"},
    ],
}


def document(value: Any) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def parsed(**changes: Any) -> Any:
    return parse_type_metadata(document({**FULL, **changes}))


def test_labels_by_language() -> None:
    metadata = parsed()
    assert metadata.name("et") == metadata.name("et-EE", "en") == "e-residendi kaart"
    assert metadata.name("pt-BR") == metadata.name("pt_br") == "Cartão"
    assert metadata.name("de", "en") == metadata.name("EN") == "e-Residency card"
    assert metadata.name("de") == metadata.name() == "e-Residency"
    assert metadata.description("en") == "English" and metadata.description("et") == "Who may use e-services"
    assert parsed(name="Default").name("de") == "Default"
    plain = parse_type_metadata(document({"vct": VCT}))
    assert plain.name("en") == VCT and plain.description() == "" and plain.label(("a", "b")) == "a.b"


def test_labels_of_claims() -> None:
    metadata = parsed()
    assert metadata.label(("family_name",), "en") == "Family name"
    assert metadata.label(("nationalities", 3), "en") == metadata.label(("nationalities", None)) == "Nationality"
    assert metadata.label(("degrees", 0), "et") == "First degree"
    assert metadata.label(("degrees", 1), "en") == "degrees[1]"
    assert metadata.label(("issuing_authority",), "en") == "issuing_authority"
    rule = metadata.rule(("family_name",))
    assert rule is not None and rule.mandatory and rule.sd == "always" and rule.svg_id == "family"
    assert metadata.disclosable() == (("family_name",),)
    assert dict(rule.descriptions) == {"en": "As in the passport"}


@pytest.mark.parametrize(
    "changes",
    [
        {"vct": 5},
        {"name": 5},
        {"description": []},
        {"extends": {}},
        {"extends#integrity": 1},
        {"display": {}},
        {"display": [1]},
        {"display": [{"name": "x"}]},
        {"display": [{"lang": "en", "name": "x"}]},
        {"display": [{"locale": "en"}]},
        {"display": [{"locale": "", "name": "x"}]},
        {"display": [{"locale": "en", "name": "x", "description": 1}]},
        {"claims": {}},
        {"claims": ["a"]},
        {"claims": [{}]},
        {"claims": [{"path": []}]},
        {"claims": [{"path": ["a", -1]}]},
        {"claims": [{"path": ["a"]}, {"path": ["a"]}]},
        {"claims": [{"path": ["a"], "display": {}}]},
        {"claims": [{"path": ["a"], "display": [{"locale": "en"}]}]},
        {"claims": [{"path": ["a"], "display": ["x"]}]},
        {"claims": [{"path": ["a"], "mandatory": "yes"}]},
        {"claims": [{"path": ["a"], "mandatory": 1}]},
        {"claims": [{"path": ["a"], "sd": "sometimes"}]},
        {"claims": [{"path": ["a"], "sd": []}]},
        {"claims": [{"path": ["a"], "svg_id": 1}]},
        {"claims": [{"path": [str(at)]} for at in range(MAX_CLAIM_RULES + 1)]},
    ],
)
def test_documents_that_are_none(changes: dict[str, Any]) -> None:
    with pytest.raises(MalformedCredential):
        parsed(**changes)


@pytest.mark.parametrize("octets", [b"", b"[]", b"{}", b'{"vct":"a","vct":"b"}', b"\xef\xbb\xbf{}", b'{"vct":"a"}x'])
def test_octets_that_are_no_document(octets: bytes) -> None:
    with pytest.raises(MalformedCredential):
        parse_type_metadata(octets)


def test_vct_must_be_its_own() -> None:
    with pytest.raises(TypeUnexpected):
        parse_type_metadata(document(FULL), vct=VCT + "/")
    assert parse_type_metadata(document(FULL), vct=VCT).vct == VCT


def sri(name: str, octets: bytes) -> str:
    return f"{name}-{base64.b64encode(hashlib.new(name, octets).digest()).decode()}"


def test_T20_integrity() -> None:
    octets = document(FULL)
    assert integrity(octets) == sri("sha256", octets)
    for good in (
        integrity(octets),
        sri("sha384", octets),
        sri("sha512", octets),
        f"{sri('sha256', b'other')} {sri('sha512', octets)}",  # the strongest decides
        f"{sri('sha256', b'other')} {sri('sha256', octets)}",
        f"md5-AAAA {integrity(octets)}",
        f"{integrity(octets)}?ct=application/json",
    ):
        check_integrity(octets, good)
    for bad in (sri("sha256", octets + b" "), f"{integrity(octets)} {sri('sha512', b'other')}"):
        with pytest.raises(TypeUnexpected):
            check_integrity(octets, bad)
    for none in ("", "sha256", "md5-AAAA", "sha1-AAAA", "SHA256-AAAA", "sha256-!!!", "x" * 5000):
        with pytest.raises((MalformedCredential, TypeUnexpected)):
            check_integrity(octets, none)


def chain(*documents: dict[str, Any], integrity_of_first: str | None = None) -> Any:
    """Load the first of these documents, each under its own `vct`."""
    by_vct = {entry["vct"]: document(entry) for entry in documents}
    return load(documents[0]["vct"], get=by_vct.get, expected_integrity=integrity_of_first)


def child(*claims: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"vct": "urn:child", "extends": VCT, "claims": list(claims), **members}


def test_extension_inherits_and_overrides_property_by_property() -> None:
    metadata = chain(
        child(
            {"path": ["family_name"], "display": [{"locale": "en", "label": "Surname"}]},
            {"path": ["email"]},
            display=[{"locale": "de", "name": "Kind"}],
        ),
        FULL,
    )
    assert metadata.vct == "urn:child" and metadata.lineage == (VCT,)
    assert [rule.path for rule in metadata.claims] == [*(tuple(claim["path"]) for claim in FULL["claims"]), ("email",)]  # type: ignore[index]  # a literal of mixed values
    rule = metadata.rule(("family_name",))
    assert rule.labels == {"en": "Surname"} and rule.mandatory and rule.sd == "always"
    assert dict(metadata.names) == {"de": "Kind"} and metadata.name_default == "e-Residency"


@pytest.mark.parametrize(
    ("was", "becomes", "allowed"),
    [
        ({}, {"sd": "always"}, True),
        ({"sd": "allowed"}, {"sd": "never"}, True),
        ({"sd": "always"}, {"sd": "always"}, True),
        ({"sd": "always"}, {}, True),
        ({"sd": "always"}, {"sd": "never"}, False),
        ({"sd": "always"}, {"sd": "allowed"}, False),
        ({"sd": "never"}, {"sd": "always"}, False),
        ({"sd": "never"}, {"sd": "allowed"}, False),
        ({}, {"mandatory": True}, True),
        ({"mandatory": True}, {}, True),
        ({"mandatory": True}, {"mandatory": False}, False),
    ],
)
def test_T20_extension_may_tighten_and_never_loosen(was: Any, becomes: Any, allowed: bool) -> None:
    parts = (child({"path": ["a"], **becomes}), {"vct": VCT, "claims": [{"path": ["a"], **was}]})
    if allowed:
        rule = chain(*parts).rule(("a",))
        assert {"sd": rule.sd, "mandatory": rule.mandatory} == {"sd": "allowed", "mandatory": False} | was | becomes
        return
    with pytest.raises(TypeUnexpected):
        chain(*parts)


def test_T20_cycles_and_long_lines_and_unknown_parents() -> None:
    with pytest.raises(TypeUnexpected, match="itself"):
        chain({"vct": "a", "extends": "a"})
    with pytest.raises(TypeUnexpected, match="itself"):
        chain({"vct": "a", "extends": "b"}, {"vct": "b", "extends": "c"}, {"vct": "c", "extends": "b"})
    with pytest.raises(TypeUnexpected, match="not known"):
        chain({"vct": "a", "extends": "b"})
    with pytest.raises(TypeUnexpected, match="ancestors"):
        chain(*({"vct": f"t{at}", "extends": f"t{at + 1}"} for at in range(MAX_EXTENDS + 3)))
    line = chain(*({"vct": f"t{at}", "extends": f"t{at + 1}"} for at in range(3)), {"vct": "t3"})
    assert line.lineage == ("t1", "t2", "t3")


def test_T20_integrity_along_the_line() -> None:
    parent = document(FULL)
    good = child(**{"extends#integrity": integrity(parent)})
    assert chain(good, FULL, integrity_of_first=integrity(document(good))).lineage == (VCT,)
    with pytest.raises(TypeUnexpected):
        chain(child(**{"extends#integrity": integrity(parent + b" ")}), FULL)
    with pytest.raises(TypeUnexpected):
        chain(good, FULL, integrity_of_first=integrity(b"x"))


CLAIMS: dict[str, Any] = {
    "family_name": "T",
    "issuing_authority": "Office",
    "people": [{"name": "A"}, {"name": "B", "nick": "b"}],
}


def rules(*claims: dict[str, Any]) -> Any:
    return parse_type_metadata(document({"vct": VCT, "claims": list(claims)}))


def test_mandatory_claims() -> None:
    metadata = rules({"path": ["family_name"], "mandatory": True}, {"path": ["birthdate"], "mandatory": True})
    with pytest.raises(ClaimMissing, match="birthdate"):
        check_claims(metadata, CLAIMS, disclosed=(), hidden=0)
    check_claims(metadata, CLAIMS, disclosed=(), hidden=1)
    with pytest.raises(ClaimMissing):
        check_claims(metadata, CLAIMS, disclosed=(), hidden=1, issuing=True)
    check_claims(metadata, {**CLAIMS, "birthdate": None}, disclosed=(), hidden=0, issuing=True)


def test_mandatory_inside_what_is_there() -> None:
    nested = rules({"path": ["people", None, "nick"], "mandatory": True})
    with pytest.raises(ClaimMissing):
        check_claims(nested, CLAIMS, disclosed=(), hidden=0)
    check_claims(nested, {"people": []}, disclosed=(), hidden=0)
    check_claims(nested, {}, disclosed=(), hidden=0)
    items = rules({"path": ["people", None], "mandatory": True})
    check_claims(items, CLAIMS, disclosed=(), hidden=0)
    with pytest.raises(ClaimMissing):
        check_claims(items, {"people": []}, disclosed=(), hidden=0)


def test_disclosability_rules() -> None:
    always, never = rules({"path": ["family_name"], "sd": "always"}), rules({"path": ["family_name"], "sd": "never"})
    check_claims(always, CLAIMS, disclosed=[("family_name",)], hidden=0)
    check_claims(never, CLAIMS, disclosed=[], hidden=0)
    with pytest.raises(DisclosureInvalid):
        check_claims(always, CLAIMS, disclosed=[], hidden=0)
    with pytest.raises(DisclosureInvalid):
        check_claims(never, CLAIMS, disclosed=[("family_name",)], hidden=0)
    for metadata in (always, never):
        check_claims(metadata, {}, disclosed=[], hidden=3)


def test_disclosability_of_items_looks_at_issued_positions() -> None:
    items = rules({"path": ["people", None], "sd": "always"})
    shown = {"people": [CLAIMS["people"][1]]}
    check_claims(items, shown, disclosed=[("people", 1)], hidden=1, positions={("people",): (1,)})
    with pytest.raises(DisclosureInvalid):
        check_claims(items, shown, disclosed=[("people", 1)], hidden=1)


def test_what_is_kept_follows_the_documents() -> None:
    own, parent = child({"path": ["a"]}), {"vct": VCT, "claims": [{"path": ["b"]}]}
    documents = {"urn:child": document(own), VCT: document(parent)}
    first = load_known("urn:child", documents)
    assert load_known("urn:child", {name: bytes(bytearray(octets)) for name, octets in documents.items()}) is first
    changed = {**documents, VCT: document({"vct": VCT, "claims": [{"path": ["c"]}]})}
    assert [rule.path for rule in load_known("urn:child", changed).claims] == [("c",), ("a",)]
    with pytest.raises(TypeUnexpected):
        load_known("urn:child", {"urn:child": documents["urn:child"]})
    with pytest.raises(TypeUnexpected):
        load_known("urn:child", documents, expected_integrity=integrity(b"x"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
NAMES = st.sampled_from(["vct", "name", "display", "claims", "extends", "extends#integrity"])


@given(st.binary() | st.dictionaries(NAMES, JSON).map(document))
def test_nothing_but_our_own_errors(octets: bytes) -> None:
    for vct in (None, "x"):
        try:
            if vct is None:
                parse_type_metadata(octets)
            else:
                load(vct, get=lambda _: octets)
        except IdError:
            continue
