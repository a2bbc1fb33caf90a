"""Resolving, dereferencing, and keys for a purpose."""

from typing import Any

import pytest

from did.document import build_document
from did.errors import (
    Deactivated,
    FetchFailed,
    InvalidDid,
    InvalidDidUrl,
    InvalidOptions,
    KeyInvalid,
    KeyNotAuthorized,
    MethodNotSupported,
    NotFound,
)
from did.keys import PrivateKey
from did.methods import METHODS
from did.methods.base import Context, Resolved
from did.methods.key import KeyMethod
from did.resolver import dereference, options_from, read_document, resolve, resolve_key
from did.url import ParsedDid
from tests.unit.did.samples import NOW, Web

KEY = PrivateKey.generate("Ed25519").public_key
DID = "did:web:example.com"
DOCUMENT = build_document(
    DID,
    methods={"key-1": KEY},
    relationships={"assertionMethod": ["key-1"]},
    services=[
        {"id": f"{DID}#files", "type": "relativeRef", "serviceEndpoint": "https://files.example/base/"},
        {"id": "#odd", "type": "x", "serviceEndpoint": {"uri": "https://a"}},
        {"id": "#mail", "type": "x", "serviceEndpoint": "mailto:a@example.com"},
    ],
)
WEB = Web({"https://example.com/.well-known/did.json": DOCUMENT.to_json()})


class Gone:
    """A method whose every DID has been deactivated."""

    name = "gone"

    def resolve(self, did: ParsedDid, context: Context) -> Resolved:
        return Resolved(
            document=KeyMethod().resolve(ParsedDid(did.did, "key", KEY.to_multikey()), context).document,
            metadata={"deactivated": True},
            withheld=True,
        )


def test_resolution_in_the_shape_of_the_standard() -> None:
    result = resolve(DID, fetch=WEB, now=NOW)
    assert result.document == DOCUMENT and result.error is None
    assert result.to_json() == {
        "didResolutionMetadata": {"contentType": "application/did"},
        "didDocument": DOCUMENT.to_json(),
        "didDocumentMetadata": {},
    }


@pytest.mark.parametrize(
    ("did", "kind", "name"),
    [
        ("nonsense", InvalidDid, "INVALID_DID"),
        ("did:key:nonsense", InvalidDid, "INVALID_DID"),
        ("did:unknown:x", MethodNotSupported, "METHOD_NOT_SUPPORTED"),
        ("did:web:absent.example", NotFound, "NOT_FOUND"),
        ("did:web:silent.example", FetchFailed, "INTERNAL_ERROR"),
    ],
)
def test_errors_are_metadata(did: str, kind: type[Exception], name: str) -> None:
    web = Web({"https://silent.example/.well-known/did.json": None})
    result = resolve(did, fetch=web, now=NOW)
    assert result.document is None and isinstance(result.error, kind)
    assert result.metadata["error"]["type"] == f"https://www.w3.org/ns/did#{name}"
    assert result.metadata["error"].keys() == {"type", "title", "detail"}
    assert result.to_json()["didDocument"] is None and result.to_json()["didDocumentMetadata"] == {}
    with pytest.raises(kind):
        read_document(did, fetch=web, now=NOW)
    assert dereference(did, fetch=web, now=NOW).metadata["error"]["type"].startswith("https://www.w3.org/ns/did#")


def test_keys_for_a_purpose() -> None:
    assert resolve_key(f"{DID}#key-1", relationship="assertionMethod", fetch=WEB, now=NOW) == KEY
    did = KeyMethod().create(KEY)
    url = f"{did}#{KEY.to_multikey()}"
    assert resolve_key(url, relationship="authentication", fetch=None, now=NOW) == KEY
    with pytest.raises(KeyNotAuthorized) as caught:
        resolve_key(f"{DID}#key-1", relationship="authentication", fetch=WEB, now=NOW)
    assert caught.value.type_url == "https://w3id.org/security#INVALID_RELATIONSHIP_FOR_VERIFICATION_METHOD"
    with pytest.raises(NotFound):
        resolve_key(f"{did}#other", relationship="authentication", fetch=None, now=NOW)
    for bad in (did, f"{did}?versionId=1#x", f"{did}/path#x", "x"):
        with pytest.raises(InvalidDidUrl):
            resolve_key(bad, relationship="authentication", fetch=None, now=NOW)
    agreement = "did:key:z6LSeu9HkTHSfLLeUs2nnzUSNedgDUevfNQgQjQC23ZCit6F"
    with pytest.raises(KeyInvalid):
        resolve_key(f"{agreement}#{agreement[8:]}", relationship="keyAgreement", fetch=None, now=NOW)


def test_a_deactivated_did_verifies_nothing() -> None:
    methods = {**METHODS, "gone": Gone()}
    result = resolve("did:gone:x", fetch=None, now=NOW, methods=methods)
    assert result.document is None and result.error is None
    assert result.document_metadata == {"deactivated": True}
    with pytest.raises(Deactivated):
        resolve_key("did:gone:x#k", relationship="assertionMethod", fetch=None, now=NOW, methods=methods)
    assert isinstance(dereference("did:gone:x#k", fetch=None, now=NOW, methods=methods).error, Deactivated)


def test_dereferencing_parts_of_a_document() -> None:
    whole = dereference(DID, fetch=WEB, now=NOW)
    assert whole.content == DOCUMENT.to_json() and whole.metadata == {"contentType": "application/did"}
    method = dereference(f"{DID}#key-1", fetch=WEB, now=NOW, relationship="assertionMethod")
    assert method.content["publicKeyMultibase"] == KEY.to_multikey()
    assert dereference(f"{DID}#odd", fetch=WEB, now=NOW).content["serviceEndpoint"] == {"uri": "https://a"}
    assert isinstance(dereference(f"{DID}#none", fetch=WEB, now=NOW).error, NotFound)
    refused = dereference(f"{DID}#key-1", fetch=WEB, now=NOW, relationship="authentication")
    assert isinstance(refused.error, KeyNotAuthorized) and refused.content is None


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("?service=files", "https://files.example/base/"),
        ("?service=files&relativeRef=%2Fa%2Fb%3Fc%3Dd", "https://files.example/base/a/b?c=d"),
        ("?service=files&relativeRef=a%20b", "https://files.example/base/a%20b"),
        ("?service=files#part", "https://files.example/base/#part"),
        ("/doc/1", "https://files.example/base/doc/1"),
        ("?service=mail", "mailto:a@example.com"),
    ],
)
def test_dereferencing_services(url: str, target: str) -> None:
    result = dereference(DID + url, fetch=WEB, now=NOW)
    assert (result.content, result.metadata) == (target, {"contentType": "text/uri-list"})


@pytest.mark.parametrize(
    "relative", ["..", "a%2F..%2Fb", "%252e%252e%2Fx", "https:%2F%2Fevil.example", "a%2F.%2Fb", "x:y"]
)
def test_T39_a_relative_reference_stays_below_its_service(relative: str) -> None:
    result = dereference(f"{DID}?service=files&relativeRef={relative}", fetch=WEB, now=NOW)
    assert isinstance(result.error, InvalidDidUrl)


def test_services_without_one_url_have_no_target() -> None:
    for url in ("?service=odd", "?service=none", "/whois"):
        assert isinstance(dereference(DID + url, fetch=WEB, now=NOW).error, NotFound)
    assert isinstance(dereference(f"{DID}?service=mail&relativeRef=x", fetch=WEB, now=NOW).error, InvalidDidUrl)


def test_version_options() -> None:
    assert options_from({"versionId": "1-x"}).version_id == "1-x"
    assert options_from({"versionNumber": "7"}).version_number == 7
    assert options_from({"versionTime": "2026-11-22T12:00:00Z"}).version_time == NOW
    assert not options_from({"service": "x"}).versioned
    bad: list[dict[str, Any]] = [
        {"versionId": "1", "versionNumber": "1"},
        {"versionNumber": "0"},
        {"versionNumber": "01"},
        {"versionNumber": "-1"},
        {"versionNumber": "²"},
        {"versionNumber": ""},
        {"versionNumber": "9" * 20},
        {"versionTime": "yesterday"},
    ]
    for params in bad:
        with pytest.raises(InvalidOptions):
            options_from(params)
    for did in (DID, KeyMethod().create(KEY), METHODS_JWK):
        error = dereference(f"{did}?versionId=1", fetch=WEB, now=NOW).metadata["error"]
        assert error["type"].endswith("#FEATURE_NOT_SUPPORTED")


METHODS_JWK = "did:jwk:eyJjcnYiOiJQLTI1NiIsImt0eSI6IkVDIiwieCI6ImFjYklRaXVNczNpOF91c3pFakoydHBUdFJNNEVVM3l6OTFQSDZDZEgyVjAiLCJ5IjoiX0tjeUxqOXZXTXB0bm1LdG00NkdxRHo4d2Y3NEk1TEtncmwyR3pIM25TRSJ9"  # noqa: E501


def test_the_table_names_its_methods() -> None:
    assert all(name == method.name for name, method in METHODS.items())
