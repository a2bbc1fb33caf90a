"""DID documents: strict where we read, tolerant where we do not."""

from typing import Any

import pytest

from did.document import build_document, method_json, parse_document
from did.errors import InvalidDidDocument, InvalidDidUrl, KeyInvalid, KeyNotAuthorized, NotFound
from did.keys import PrivateKey
from tests.unit.did.samples import NOW

DID = "did:web:example.com"
KEY = PrivateKey.generate("ES256").public_key
OTHER = PrivateKey.generate("Ed25519").public_key


def method(name: str = "key-1", **change: Any) -> dict[str, Any]:
    return {**method_json(f"{DID}#{name}", controller=DID, key=KEY.to_raw_key()), **change}


def document(**members: Any) -> dict[str, Any]:
    return {"id": DID, "verificationMethod": [method()], "assertionMethod": ["#key-1"], **members}


def test_build_and_read_back() -> None:
    for form in ("Multikey", "JsonWebKey"):
        built = build_document(
            DID,
            methods={"key-1": KEY, "key-2": OTHER},
            relationships={"assertionMethod": ["key-1", "key-2"], "authentication": ["key-2"]},
            form=form,
            services=[{"id": f"{DID}#files", "type": "relativeRef", "serviceEndpoint": "https://example.com"}],
            also_known_as=["https://example.com/"],
        )
        again = parse_document(built.to_json(), did=DID)
        assert again == built
        assert again.method("#key-1", relationship="assertionMethod").public_key(now=NOW) == KEY
        assert again.method(f"{DID}#key-2", relationship="authentication").public_key() == OTHER
        assert again.service("files").endpoint == "https://example.com"
        assert again.also_known_as == ("https://example.com/",)
        with pytest.raises(KeyNotAuthorized):
            again.method("#key-1", relationship="authentication")
        with pytest.raises(NotFound):
            again.method("#key-3", relationship="assertionMethod")
        with pytest.raises(NotFound):
            again.service("whois")
    with pytest.raises(NotFound):
        build_document(DID, methods={"key-1": KEY}, relationships={"assertionMethod": ["key-2"]})
    with pytest.raises(KeyInvalid):
        build_document(DID, methods={"key-1": KEY}, relationships={}, form="Ed25519VerificationKey2018")


def test_embedded_methods_count_for_their_relationship_only() -> None:
    read = parse_document({"id": DID, "authentication": [method("own")]}, did=DID)
    assert read.method("#own", relationship="authentication").public_key() == KEY
    with pytest.raises(KeyNotAuthorized):
        read.method("#own", relationship="assertionMethod")


BAD: dict[str, dict[str, Any]] = {
    "another id": document(id="did:web:example.com:evil"),
    "id in capitals": document(id="did:web:Example.com"),
    "id with fragment": document(id=f"{DID}#"),
    "id not text": document(id=[DID]),
    "methods not a list": document(verificationMethod={}),
    "method not an object": document(verificationMethod=["x"]),
    "method without id": document(verificationMethod=[{"type": "Multikey", "controller": DID}]),
    "method without type": document(verificationMethod=[method(type=None)]),
    "method with a list of types": document(verificationMethod=[method(type=["Multikey"])]),
    "method without controller": document(verificationMethod=[method(controller="")]),
    "controller not a DID": document(verificationMethod=[method(controller="https://example.com")]),
    "id not a URL": document(verificationMethod=[method(id="key-1")]),
    "id without fragment": document(verificationMethod=[method(id=DID)]),
    "two of one id": document(verificationMethod=[method(), method(id="#key-1")]),
    "embedded twice": document(authentication=[method()]),
    "two forms of key": document(verificationMethod=[method(publicKeyJwk=KEY.to_jwk())]),
    "private JWK": document(
        verificationMethod=[{**method(publicKeyJwk={**KEY.to_jwk(), "d": "AA"}), "publicKeyMultibase": None}]
    ),
    "private JWK alone": document(
        verificationMethod=[
            {"id": "#a", "type": "JsonWebKey", "controller": DID, "publicKeyJwk": {**KEY.to_jwk(), "d": "AA"}}
        ]
    ),
    "secret multikey": document(verificationMethod=[method(secretKeyMultibase="z1")]),
    "relationship not a list": document(authentication="#key-1"),
    "relationship holds a number": document(authentication=[1]),
    "relationship to a bad URL": document(authentication=["key-1"]),
    "relationship with bad embedded method": document(authentication=[{}]),
    "revoked not a time": document(verificationMethod=[method(revoked="yesterday")]),
    "service not a list": document(service={}),
    "service without id": document(service=[{"type": "x", "serviceEndpoint": "https://a"}]),
    "service without type": document(service=[{"id": "#a", "serviceEndpoint": "https://a"}]),
    "service with empty types": document(service=[{"id": "#a", "type": [], "serviceEndpoint": "https://a"}]),
    "service with odd types": document(service=[{"id": "#a", "type": [1], "serviceEndpoint": "https://a"}]),
    "service without endpoint": document(service=[{"id": "#a", "type": "x"}]),
    "two services of one id": document(service=[{"id": "#a", "type": "x", "serviceEndpoint": "https://a"}] * 2),
    "alsoKnownAs not texts": document(alsoKnownAs=[1]),
    "alsoKnownAs not a list": document(alsoKnownAs="x"),
    "controller not a DID at top": document(controller="example.com"),
    "controllers not texts": document(controller=[1]),
    "too many methods": document(verificationMethod=[method(f"k{number}") for number in range(300)]),
}


@pytest.mark.parametrize("value", BAD.values(), ids=BAD.keys())
def test_bad_documents_are_refused(value: dict[str, Any]) -> None:
    with pytest.raises(InvalidDidDocument) as caught:
        parse_document(value, did=DID)
    assert caught.value.type_url == "https://www.w3.org/ns/did#INVALID_DID_DOCUMENT"


def test_unknown_members_and_types_are_kept_and_useless() -> None:
    odd = {"id": "#odd", "type": "FutureKey2099", "controller": DID, "futureKey": "x"}
    value = document(verificationMethod=[method(), odd], assertionMethod=["#odd", "#key-1"], hobby={"a": [1]})
    read = parse_document(value, did=DID)
    assert read.to_json() == value
    assert read.method("#key-1", relationship="assertionMethod").public_key() == KEY
    with pytest.raises(KeyInvalid):
        read.method("#odd", relationship="assertionMethod").public_key()
    with pytest.raises(InvalidDidUrl):
        read.method("odd", relationship=None)


@pytest.mark.parametrize(
    "change",
    [
        {"publicKeyMultibase": None},
        {"publicKeyMultibase": "zzz"},
        {"publicKeyMultibase": 5},
        {"type": "JsonWebKey"},
        {"type": "Ed25519VerificationKey2020"},
        {"type": "X25519KeyAgreementKey2020"},
        {"type": "Ed25519VerificationKey2018"},
    ],
)
def test_T10_a_method_whose_key_does_not_fit_its_type_gives_no_key(change: dict[str, Any]) -> None:
    read = parse_document(document(verificationMethod=[method(**change)]), did=DID)
    with pytest.raises(KeyInvalid):
        read.method("#key-1", relationship="assertionMethod").public_key()


def test_T10_bad_jwks_in_documents_give_no_key() -> None:
    for jwk in ({**KEY.to_jwk(), "y": KEY.to_jwk()["x"]}, {"kty": "oct"}, "text", {**KEY.to_jwk(), "use": "enc"}):
        entry = {"id": "#key-1", "type": "JsonWebKey", "controller": DID, "publicKeyJwk": jwk}
        read = parse_document(document(verificationMethod=[entry]), did=DID)
        with pytest.raises(KeyInvalid):
            read.method("#key-1", relationship="assertionMethod").public_key()


def test_keys_have_their_times() -> None:
    for name, moment, fits in (
        ("expires", "2026-11-22T12:00:00Z", False),
        ("expires", "2026-11-22T12:00:01Z", True),
        ("revoked", "2026-11-22T11:59:59Z", False),
        ("revoked", "2027-01-01T00:00:00Z", True),
    ):
        read = parse_document(document(verificationMethod=[method(**{name: moment})]), did=DID)
        found = read.method("#key-1", relationship="assertionMethod")
        if fits:
            assert found.public_key(now=NOW) == KEY
        else:
            with pytest.raises(KeyNotAuthorized):
                found.public_key(now=NOW)
        assert found.public_key() == KEY


def test_T02_a_method_of_another_controller_is_not_ours_to_use() -> None:
    foreign = method(controller="did:web:evil.example")
    read = parse_document(document(verificationMethod=[foreign]), did=DID)
    with pytest.raises(KeyNotAuthorized):
        read.method("#key-1", relationship="assertionMethod")
    listed = parse_document(document(assertionMethod=["did:web:evil.example#key-1"]), did=DID)
    with pytest.raises(NotFound):
        listed.method("did:web:evil.example#key-1", relationship="assertionMethod")
