"""did:key, did:jwk and did:web against input that lies."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from did.algorithms import Alg
from did.document import RELATIONSHIPS, build_document
from did.encoding import b64url_encode, jcs, multibase_encode
from did.errors import DidError, FetchFailed, InvalidDid, InvalidDidDocument, KeyInvalid, NotFound
from did.keys import PrivateKey
from did.keytypes import RawKey
from did.location import locate
from did.methods import DEV_METHODS, METHODS
from did.methods.base import Context, Fetched
from did.methods.jwk import JwkMethod
from did.methods.key import KeyMethod
from did.methods.web import WebMethod, document_url
from did.resolver import read_document, resolve
from did.url import parse_did
from tests.unit.did.samples import NOW, Web

ALGS: tuple[Alg, ...] = ("ES256", "ES384", "Ed25519")
KEYS = {alg: PrivateKey.generate(alg) for alg in ALGS}
CONTEXT = Context(fetch=None, now=NOW)


@pytest.mark.parametrize("alg", KEYS)
def test_keys_become_identifiers_and_come_back(alg: Alg) -> None:
    key = KEYS[alg].public_key
    for method in (KeyMethod(), KeyMethod(form="JsonWebKey"), JwkMethod()):
        did = method.create(key)
        document = read_document(did, fetch=None, now=NOW, methods={method.name: method}).document
        (found,) = document.methods.values()
        assert found.public_key(now=NOW) == key
        assert document.id == did


BAD_KEYS = {
    "not multibase": "6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp",
    "base64url": "u" + b64url_encode(b"\xed\x01" + KEYS["Ed25519"].public_key.raw),
    "wrong multicodec": multibase_encode(b"\x12\x20" + KEYS["Ed25519"].public_key.raw),
    "P-256 under P-384": multibase_encode(b"\x81\x24" + KEYS["ES256"].public_key.raw),
    "too short": multibase_encode(b"\xed\x01" + bytes(31)),
    "too long": multibase_encode(b"\xed\x01" + KEYS["Ed25519"].public_key.raw + b"\0"),
    "small order": multibase_encode(b"\xed\x01\x01" + bytes(31)),
    "off the curve": multibase_encode(b"\x80\x24\x02" + b"\xff" * 32),
    "private key code": multibase_encode(b"\x80\x26" + bytes(32)),
    "symmetric": multibase_encode(b"\xa0\x01" + bytes(32)),
    "only a prefix": "z",
    "huge": "z6Mk" + "a" * 4000,
    "other alphabet": "z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooW0",
    "version 2": f"2:{KEYS['Ed25519'].public_key.to_multikey()}",
    "version 01": f"01:{KEYS['Ed25519'].public_key.to_multikey()}",
    "two versions": f"1:1:{KEYS['Ed25519'].public_key.to_multikey()}",
    "something behind": f"{KEYS['Ed25519'].public_key.to_multikey()}:x",
}


@pytest.mark.parametrize("text", BAD_KEYS.values(), ids=BAD_KEYS.keys())
def test_T41_bad_did_key_is_refused(text: str) -> None:
    with pytest.raises(InvalidDid) as caught:
        read_document(f"did:key:{text}", fetch=None, now=NOW)
    assert caught.value.code == "malformed"


def test_the_version_of_did_key_may_be_one() -> None:
    key = KEYS["Ed25519"].public_key
    did = f"did:key:1:{key.to_multikey()}"
    document = read_document(did, fetch=None, now=NOW).document
    assert list(document.methods) == [f"{did}#{key.to_multikey()}"]


def as_jwk(value: Any) -> str:
    return f"did:jwk:{b64url_encode(jcs(value) if not isinstance(value, bytes) else value)}"


P256_JWK = KEYS["ES256"].public_key.to_jwk()
BAD_JWK_DIDS = {
    "not base64url": "did:jwk:e.30",
    "loose base64url": "did:jwk:e31",
    "padded": "did:jwk:e30%3D",
    "not JSON": as_jwk(b"x"),
    "not an object": as_jwk([]),
    "empty object": as_jwk({}),
    "symmetric": as_jwk({"kty": "oct", "k": "AAAA"}),
    "private EC": as_jwk(KEYS["ES256"].export_jwk()),
    "private OKP": as_jwk(KEYS["Ed25519"].export_jwk()),
    "off the curve": as_jwk({**P256_JWK, "y": P256_JWK["x"]}),
    "curve mismatch": as_jwk({**P256_JWK, "crv": "P-384"}),
    "doubled member": as_jwk(b'{"kty":"EC","kty":"EC"}'),
    "unknown curve": as_jwk({**P256_JWK, "crv": "P-192"}),
    "huge": as_jwk({**P256_JWK, "x": "A" * 2000}),
    "more than a DID may be": as_jwk({**P256_JWK, "note": "A" * 5000}),
    "colon": as_jwk(P256_JWK) + ":x",
}


@pytest.mark.parametrize("did", BAD_JWK_DIDS.values(), ids=BAD_JWK_DIDS.keys())
def test_T41_bad_did_jwk_is_refused(did: str) -> None:
    with pytest.raises(InvalidDid):
        read_document(did, fetch=None, now=NOW)


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        (None, set(RELATIONSHIPS)),
        ("sig", set(RELATIONSHIPS) - {"keyAgreement"}),
        ("enc", {"keyAgreement"}),
    ],
)
def test_use_of_a_jwk_decides_its_relationships(use: str | None, expected: set[str]) -> None:
    jwk = {**P256_JWK, **({"use": use} if use else {}), "kid": "not-used"}
    document = read_document(as_jwk(jwk), fetch=None, now=NOW).document
    assert {name for name, ids in document.relationships.items() if ids} == expected
    assert all(method_id.endswith("#0") for method_id in document.methods)
    assert document.to_json()["verificationMethod"][0]["publicKeyJwk"] == jwk


def test_other_key_types_as_jwk() -> None:
    key = RawKey.from_multikey("z6LSeu9HkTHSfLLeUs2nnzUSNedgDUevfNQgQjQC23ZCit6F")
    document = read_document(JwkMethod().create(key), fetch=None, now=NOW).document
    (method,) = document.methods.values()
    assert method.raw_key() == key
    with pytest.raises(KeyInvalid):
        method.public_key()


# --- did:web ------------------------------------------------------------------------------------

PLACES = {
    "did:web:example.com": "https://example.com/.well-known/did.json",
    "did:web:EXAMPLE.com": "https://example.com/.well-known/did.json",
    "did:web:w3c-ccg.github.io:user:alice": "https://w3c-ccg.github.io/user/alice/did.json",
    "did:web:example.com%3A3000:user:alice": "https://example.com:3000/user/alice/did.json",
    "did:web:example.com%3a443": "https://example.com:443/.well-known/did.json",
    "did:web:example.com:a%20b:Upper": "https://example.com/a%20b/Upper/did.json",
    "did:web:b%C3%BCcher.example": "https://xn--bcher-kva.example/.well-known/did.json",
    "did:web:xn--bcher-kva.example": "https://xn--bcher-kva.example/.well-known/did.json",
    "did:web:example.com:%E7%94%A8": "https://example.com/%E7%94%A8/did.json",
}
NOWHERE = [
    "did:web:localhost",
    "did:web:localhost%3A8000",
    "did:web:app.localhost",
    "did:web:intranet",
    "did:web:127.0.0.1",
    "did:web:127.0.0.1%3A80",
    "did:web:10.1",
    "did:web:0x7f000001",
    "did:web:2130706433",
    "did:web:example.0x10",
    "did:web:%31%32%37.0.0.1",
    "did:web:%5B%3A%3A1%5D",
    "did:web:%5B%3A%3A1%5D%3A80",
    "did:web:example.com%3A",
    "did:web:example.com%3A0",
    "did:web:example.com%3A080",
    "did:web:example.com%3A65536",
    "did:web:example.com%3A80%3A80",
    "did:web:example.com%3Aabc",
    "did:web:example.com%3A\u0661",
    "did:web:user%40example.com",
    "did:web:user%3Apass%40example.com",
    "did:web:example.com%2Fevil",
    "did:web:example.com%23",
    "did:web:example.com%3F",
    "did:web:example.com%5C",
    "did:web:example.com%00",
    "did:web:example.com%0D%0A",
    "did:web:example..com",
    "did:web:.example.com",
    "did:web:example.com.",
    "did:web:-a.example",
    "did:web:a_b.example",
    "did:web:" + "a" * 64 + ".example",
    "did:web:" + "a.b" * 100,
    "did:web:xn--a.example",
    "did:web:%FF.example",
    "did:web:example.com:..:secret",
    "did:web:example.com:%2e%2e:secret",
    "did:web:example.com:.",
    "did:web:example.com:a%2F..%2Fb",
    "did:web:example.com:a%5Cb",
    "did:web:example.com:a%00",
    "did:web:example.com:%20a",
    "did:web:example.com:a%0A",
    "did:web:example.com:%FF",
    "did:web:example.com::a",
    "did:web:example.com:" + ":".join("a" * 40),
]


@pytest.mark.parametrize(("did", "url"), PLACES.items())
def test_places_of_did_web(did: str, url: str) -> None:
    assert document_url(did) == url


@pytest.mark.parametrize("did", NOWHERE)
def test_T39_no_way_inside_by_did_web(did: str) -> None:
    web = Web({})
    result = resolve(did, fetch=web, now=NOW)
    assert isinstance(result.error, InvalidDid)
    assert not web.asked


def test_loopback_only_in_dev_mode_and_then_by_http() -> None:
    method = WebMethod(allow_http_loopback=True)
    for base, did in (
        ("http://localhost:8000", "did:web:localhost%3A8000"),
        ("http://a.localhost", "did:web:a.localhost"),
    ):
        assert method.create(base) == did
        assert document_url(did, allow_http_loopback=True) == f"{base}/.well-known/did.json"
    did = method.create("http://localhost:8000/", "dids", "agencies", "7")
    assert did == "did:web:localhost%3A8000:dids:agencies:7"
    page = build_document(did, methods={"k": KEYS["ES256"].public_key}, relationships={"authentication": ["k"]})
    web = Web({"http://localhost:8000/dids/agencies/7/did.json": page.to_json()})
    assert resolve(did, fetch=web, now=NOW, methods=DEV_METHODS).document == page
    assert isinstance(resolve(did, fetch=web, now=NOW, methods=METHODS).error, InvalidDid)
    assert document_url("did:web:example.com", allow_http_loopback=True).startswith("https://")


@pytest.mark.parametrize(
    ("base", "path", "did"),
    [
        ("https://id.example.com", (), "did:web:id.example.com"),
        (
            "https://id.example.com:8443/",
            ("dids", "agencies", "a b"),
            "did:web:id.example.com%3A8443:dids:agencies:a%20b",
        ),
        ("https://id.example.com/base", ("x",), "did:web:id.example.com:base:x"),
    ],
)
def test_creating_did_web(base: str, path: tuple[str, ...], did: str) -> None:
    assert WebMethod().create(base, *path) == did
    parse_did(did)


@pytest.mark.parametrize(
    "base",
    [
        "ftp://example.com", "http://example.com", "https://", "https://u@example.com", "https://example.com?x",
        "https://example.com#x", "https://127.0.0.1", "https://[::1]", "https://example.com:99999", "example.com",
        "https://localhost", "https://example.com/../x",
    ],
)  # fmt: skip
def test_bases_that_no_did_web_may_have(base: str) -> None:
    with pytest.raises(InvalidDid):
        WebMethod().create(base)


DID = "did:web:example.com"
URL = "https://example.com/.well-known/did.json"
GOOD = {"id": DID}


@pytest.mark.parametrize(
    ("page", "kind"),
    [
        (404, NotFound),
        (410, NotFound),
        (500, FetchFailed),
        (403, FetchFailed),
        (301, FetchFailed),
        (None, FetchFailed),
        ({"id": "did:web:evil.example"}, InvalidDidDocument),
        ({"id": "did:web:example.com:x"}, InvalidDidDocument),
        ({}, InvalidDidDocument),
        ([], InvalidDidDocument),
        (b"", InvalidDidDocument),
        (b"{", InvalidDidDocument),
        (b'{"id":"did:web:evil.example","id":"did:web:example.com"}', InvalidDidDocument),
        (b"\xef\xbb\xbf" + b'{"id":"did:web:example.com"}', InvalidDidDocument),
        (b"[" * 100_000, InvalidDidDocument),
        (Fetched(200, "text/html", b'{"id":"did:web:example.com"}'), InvalidDidDocument),
        (Fetched(200, "", b'{"id":"did:web:example.com"}'), InvalidDidDocument),
    ],
)
def test_T39_what_the_web_answers_is_not_believed(page: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        read_document(DID, fetch=Web({URL: page}), now=NOW)


@pytest.mark.parametrize(
    "media_type",
    ["application/did", "application/json", "application/did+ld+json; charset=utf-8", "Application/DID+JSON"],
)
def test_media_types_of_did_documents(media_type: str) -> None:
    web = Web({URL: GOOD})
    web.media_type = media_type
    assert read_document(DID, fetch=web, now=NOW).document.id == DID
    assert web.asked == [URL]


def test_without_network_did_web_is_undetermined() -> None:
    with pytest.raises(FetchFailed) as caught:
        read_document(DID, fetch=None, now=NOW)
    assert caught.value.code == "issuer_key_unresolvable"
    with pytest.raises(InvalidDid):
        document_url("did:key:z6Mk")


@given(st.text(max_size=30), st.lists(st.text(max_size=10), max_size=3))
def test_no_component_escapes_its_place(domain: str, path: list[str]) -> None:
    """Whatever components come, the URL has our scheme, no user, and as many segments as were named."""
    try:
        location = locate(domain, path, allow_http_loopback=False)
    except DidError:
        return
    from urllib.parse import urlsplit

    parts = urlsplit(location.url("did.json"))
    assert parts.scheme == "https" and "@" not in parts.netloc and not parts.query and not parts.fragment
    assert parts.path.count("/") == (len(path) or 1) + 1
