"""The shape of credentials and presentations beyond what the published suite posts: 1.1, envelopes, periods."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credentials.errors import CredentialExpired, CredentialNotYetValid
from credentials.jsonld import CREDENTIALS_V1, CREDENTIALS_V2
from credentials.vcdm import NotWellFormed, envelope, parse_credential, parse_presentation
from did.errors import IdError

V2: dict[str, Any] = {
    "@context": [CREDENTIALS_V2],
    "type": ["VerifiableCredential"],
    "issuer": "did:example:i",
    "credentialSubject": {"id": "did:example:s", "name": "A"},
}
V1: dict[str, Any] = {
    "@context": [CREDENTIALS_V1],
    "type": ["VerifiableCredential"],
    "issuer": {"id": "did:example:i"},
    "issuanceDate": "2024-01-01T00:00:00Z",
    "credentialSubject": {"id": "did:example:s"},
}
ENVELOPE = {
    "@context": CREDENTIALS_V2,
    "type": "EnvelopedVerifiableCredential",
    "id": "data:application/vc+jwt,a.b.c",
}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_both_versions_are_read_by_their_own_rules() -> None:
    assert parse_credential(V2).version == "2.0"
    found = parse_credential({**V1, "expirationDate": "2025-01-01T00:00:00+02:00"})
    assert (found.version, found.issuer, found.subjects) == ("1.1", "did:example:i", ("did:example:s",))
    found.check_validity(at("2024-12-31T00:00:00"))
    with pytest.raises(CredentialExpired):
        found.check_validity(at("2024-12-31T23:00:00"))
    with pytest.raises(CredentialNotYetValid):
        found.check_validity(at("2023-12-31T23:00:00"))


@pytest.mark.parametrize(
    "change",
    [
        {"issuanceDate": None},
        {"issuanceDate": "2024-01-01"},
        {"expirationDate": "2023-01-01T00:00:00Z"},
        {"@context": [CREDENTIALS_V1, CREDENTIALS_V2]},
        {"credentialStatus": {"type": "X"}},
        {"issuer": {"name": "no id"}},
    ],
)
def test_what_1_1_refuses(change: dict[str, Any]) -> None:
    with pytest.raises(NotWellFormed):
        parse_credential({**V1, **change}, expand=False)


def test_1_1_needs_its_date() -> None:
    with pytest.raises(NotWellFormed):
        parse_credential({name: value for name, value in V1.items() if name != "issuanceDate"})


@pytest.mark.parametrize(
    "change",
    [
        {"@context": []},
        {"@context": {"a": "urn:a"}},
        {"@context": ["https://www.w3.org/ns/credentials/examples/v2", CREDENTIALS_V2]},
        {"type": "Other"},
        {"type": ["VerifiableCredential", 5]},
        {"credentialSubject": []},
        {"credentialSubject": "did:example:s"},
        {"credentialSubject": [{"id": "did:example:s"}, {}]},
        {"credentialSubject": {"id": "no url"}},
        {"validFrom": "2025-01-01T00:00:00Z", "validUntil": "2024-01-01T00:00:00Z"},
        {"validFrom": "2025-01-01T00:00:00"},
        {"validUntil": 5},
        {"name": 5},
        {"name": {"@value": "A", "extra": 1}},
        {"relatedResource": {"id": "https://r.example/"}},
        {"relatedResource": [{"id": "https://r.example/", "digestSRI": "sha256-x"}] * 2},
        {"evidence": "x"},
        {"termsOfUse": {"id": "urn:x"}},
        {"confidenceMethod": {"id": "urn:x"}},
        {"renderMethod": [{"type": ""}]},
        {"proof": {"cryptosuite": "x"}},
        {"proof": "x"},
        {"id": ""},
    ],
)
def test_what_2_0_refuses(change: dict[str, Any]) -> None:
    with pytest.raises(NotWellFormed):
        parse_credential({**V2, **change}, expand=False)


@pytest.mark.parametrize(
    "change",
    [
        {"id": "data:application/vc,{}"},
        {"id": "data:application/vc+cose,AAAA"},
        {"id": "data:application/vc+jwt"},
        {"id": "data:application/vc+jwt,"},
        {"id": "https://evil.example/vc"},
        {"id": 5},
        {"@context": "https://evil.example/"},
    ],
)
def test_T34_envelopes_of_another_kind(change: dict[str, Any]) -> None:
    with pytest.raises(NotWellFormed):
        envelope({**ENVELOPE, **change})


def test_presentations_tell_embedded_from_enveloped() -> None:
    document = {
        "@context": [CREDENTIALS_V2],
        "type": "VerifiablePresentation",
        "holder": {"id": "did:example:h"},
        "verifiableCredential": [V2, ENVELOPE, {**ENVELOPE, "id": "data:application/vc+cose;base64,AAAA"}],
    }
    found = parse_presentation(document)
    assert (found.holder, len(found.credentials), len(found.enveloped)) == ("did:example:h", 1, 2)
    for bad in ("a.b.c", ["a.b.c"], [{**V2, "issuer": None}], []):
        with pytest.raises(NotWellFormed):
            parse_presentation({**document, "verifiableCredential": bad})
    with pytest.raises(NotWellFormed):
        parse_presentation({**document, "holder": 5})


MEMBERS = [
    *V2,
    "id",
    "validFrom",
    "validUntil",
    "name",
    "proof",
    "credentialStatus",
    "evidence",
    "relatedResource",
    "holder",
]
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=6)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["id", "type", "@value", "@context", "x"]), inner, max_size=3),
    ),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(MEMBERS), JSON, max_size=4))
def test_hostile_documents_raise_only_our_own_errors(change: dict[str, Any]) -> None:
    for parse, base in ((parse_credential, V2), (parse_credential, V1), (parse_presentation, {})):
        try:
            parse({**base, **change})
        except IdError:
            pass
