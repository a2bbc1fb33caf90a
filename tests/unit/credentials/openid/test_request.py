import json
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from credentials import x509
from credentials.errors import FetchFailed, SignatureInvalid, VerifierUntrusted
from credentials.jose import parse_jws
from credentials.openid import request, response
from credentials.signed_list import VerifierTrust
from did.document import build_document
from did.encoding import b64url_encode
from did.keys import PrivateKey
from did.methods.base import Fetched
from tests.unit.credentials.openid.support import (
    NOW,
    VCT,
    VERIFIER,
    agency,
    pki,
    refused,
    resign,
    signer,
    tampered,
    trust,
)

CLIENT = request.client_id_for_certificate(pki().leaf)
DID = "did:web:bank.example"
DID_CLIENT = request.client_id_for_did(DID)
ENCRYPTION = PrivateKey.generate("ES256")
QUERY: dict[str, Any] = {
    "credentials": [
        {"id": "a", "format": "dc+sd-jwt", "meta": {"vct_values": [VCT]}, "claims": [{"path": ["family_name"]}]}
    ]
}


def build(**changes: Any) -> str:
    values: dict[str, Any] = {
        "signer": pki().signer,
        "client_id": CLIENT,
        "x5c": pki().x5c,
        "response_uri": f"{VERIFIER}/vp/responses/1",
        "nonce": "n" * 22,
        "state": "s" * 22,
        "query": QUERY,
        "now": NOW,
        "expires_at": NOW + timedelta(minutes=5),
        "encryption_jwk": response.encryption_key(ENCRYPTION, kid="k1"),
    }
    return request.build_request(**{**values, **changes})


def check(jwt: str, **changes: Any) -> request.AuthorizationRequest:
    values: dict[str, Any] = {"link_client_id": CLIENT, "trust": trust(), "now": NOW}
    return request.check_request(jwt, **{**values, **changes})


def changed(header: dict[str, Any] | None = None, **claims: Any) -> str:
    return resign(build(), pki().signer, header=header, **claims)


def test_build_parse_check() -> None:
    jwt = build()
    parsed = request.parse_request(jwt)
    assert (parsed.prefix, f"{parsed.prefix}:{parsed.identifier}") == ("x509_hash", CLIENT)
    claims = parse_jws(jwt).unverified_claims()
    assert claims["aud"] == "https://self-issued.me/v2"
    assert claims["response_type"] == "vp_token"
    assert claims["response_mode"] == "direct_post.jwt"
    assert claims["client_metadata"]["encrypted_response_enc_values_supported"] == ["A128GCM", "A256GCM"]
    assert not {"redirect_uri", "scope", "client_id_scheme", "presentation_definition"} & claims.keys()
    found = check(jwt)
    assert found.verifier.name == "Bank"
    assert found.verifier.did == DID
    assert found.verifier.agency == agency()
    assert (found.nonce, found.state, found.encryption_enc) == ("n" * 22, "s" * 22, "A256GCM")
    assert found.encryption_jwk is not None
    assert found.encryption_jwk["kid"] == "k1"
    assert found.query.raw == QUERY
    assert found.vp_formats.keys() == {"dc+sd-jwt"}


def test_unknown_parameters_are_ignored() -> None:
    assert check(
        changed(foo=1, client_metadata={**parse_jws(build()).unverified_claims()["client_metadata"], "bar": 2})
    )


def test_T55_request_objects_that_are_refused() -> None:
    metadata = parse_jws(build()).unverified_claims()["client_metadata"]
    key = metadata["jwks"]["keys"][0]
    bad: dict[str, str] = {
        "typ": changed(header={"typ": "JWT"}),
        "other wallet": changed(aud="https://wallet.example"),
        "aud missing": changed(aud=None),
        "aud is an array": changed(aud=["https://self-issued.me/v2"]),
        "nonce missing": changed(nonce=None),
        "nonce empty": changed(nonce=""),
        "nonce with a space": changed(nonce="a b"),
        "nonce is a number": changed(nonce=5),
        "state with a quote": changed(state='a"b'),
        "response_type": changed(response_type="code"),
        "response_type missing": changed(response_type=None),
        "response_mode": changed(response_mode="fragment"),
        "response_mode missing": changed(response_mode=None),
        "response_uri missing": changed(response_uri=None),
        "redirect_uri": changed(redirect_uri=f"{VERIFIER}/cb"),
        "request inside": changed(request="x"),
        "request_uri inside": changed(request_uri="https://x"),
        "scope": changed(scope="openid"),
        "no query": changed(dcql_query=None),
        "query is text": changed(dcql_query=json.dumps(QUERY)),
        "query is bad": changed(dcql_query={"credentials": []}),
        "presentation exchange": changed(dcql_query=None, presentation_definition={}),
        "expired": build(now=NOW - timedelta(hours=1), expires_at=NOW - timedelta(minutes=2)),
        "from the future": build(now=NOW + timedelta(minutes=2)),
        "iat is text": changed(iat="now"),
        "no client_metadata": changed(client_metadata=None),
        "client_metadata is text": changed(client_metadata="x"),
        "formats are text": changed(client_metadata={**metadata, "vp_formats_supported": "x"}),
        "no jwks": changed(client_metadata={**metadata, "jwks": None}),
        "no keys": changed(client_metadata={**metadata, "jwks": {"keys": []}}),
        "key is text": changed(client_metadata={**metadata, "jwks": {"keys": ["x"]}}),
        "key without kid": changed(client_metadata={**metadata, "jwks": {"keys": [{**key, "kid": None}]}}),
        "kid twice": changed(client_metadata={**metadata, "jwks": {"keys": [key, key]}}),
        "key without alg": changed(client_metadata={**metadata, "jwks": {"keys": [{**key, "alg": None}]}}),
        "key for signing": changed(client_metadata={**metadata, "jwks": {"keys": [{**key, "use": "sig"}]}}),
        "key off the curve": changed(client_metadata={**metadata, "jwks": {"keys": [{**key, "x": key["y"]}]}}),
        "one enc": changed(client_metadata={**metadata, "encrypted_response_enc_values_supported": ["A256GCM"]}),
        "enc is text": changed(client_metadata={**metadata, "encrypted_response_enc_values_supported": "A128GCM"}),
        "client_id missing": changed(client_id=None),
        "client_id without prefix": changed(client_id="bank"),
        "no chain": changed(header={"x5c": None}),
        "not a token": "x.y.z",
    }
    for name, jwt in bad.items():
        error = refused(partial(check, jwt), error="invalid_request")
        assert error.hint, name


def test_T55_signature_and_key() -> None:
    with pytest.raises(SignatureInvalid):
        check(tampered(build()))
    with pytest.raises(SignatureInvalid):
        check(resign(build(), signer("stranger")))


def test_T55_client_id_of_the_link() -> None:
    refused(lambda: check(build(), link_client_id="x509_hash:" + "A" * 43), error="invalid_request")
    refused(lambda: check(build(), link_client_id=DID_CLIENT), error="invalid_request")
    refused(lambda: check(build(), link_client_id=CLIENT.replace("x509_hash", "X509_hash")), error="invalid_request")
    padded = CLIENT + "="
    refused(lambda: check(build(client_id=padded), link_client_id=padded), error="invalid_request")
    other = request.client_id_for_certificate(pki().root)
    refused(lambda: check(build(client_id=other), link_client_id=other), error="invalid_request")


@pytest.mark.parametrize(
    "client_id",
    ["x509_san_uri:bank.example", "https://bank.example", "did:web:bank.example", "origin:https://bank.example", "a:b"],
)
def test_T55_prefixes_that_are_not_accepted(client_id: str) -> None:
    refused(lambda: check(build(client_id=client_id), link_client_id=client_id), error="invalid_request")


def test_a_prefix_may_be_switched_off() -> None:
    refused(lambda: check(build(), prefixes=("decentralized_identifier",)), error="invalid_request")


def test_T55_wallet_nonce() -> None:
    assert check(build(wallet_nonce="w"), wallet_nonce="w")
    for inside, sent in ((None, "w"), ("v", "w"), ("w", None)):
        jwt = build(wallet_nonce=inside)
        refused(partial(check, jwt, wallet_nonce=sent), code="nonce_mismatch")


def test_T56_response_uri_lies_at_a_registered_origin() -> None:
    for uri in (
        "https://evil.example/vp",
        "https://bank.example:8443/vp",
        "https://bank.example.evil.example/vp",
        "https://sub.bank.example/vp",
    ):
        with pytest.raises(VerifierUntrusted) as caught:
            check(build(response_uri=uri))
        assert caught.value.code == "verifier_untrusted"
    for uri in ("http://bank.example/vp", "https://bank.example/vp#x", "https://x@bank.example/vp"):
        refused(partial(check, build(response_uri=uri)), error="invalid_request")
    both = agency(origins=("https://other.example", VERIFIER))
    assert check(build(), trust=trust(both)).response_uri.startswith(VERIFIER)


def test_untrusted_verifiers() -> None:
    unknown = trust(agency(certificates=()))
    for whom in (unknown, VerifierTrust()):
        with pytest.raises(VerifierUntrusted):
            check(build(), trust=whom)
    wrong_use = pki("credential_signing", "registry", "bank.example")
    client = request.client_id_for_certificate(wrong_use.leaf)
    listed = VerifierTrust(added_anchors=(wrong_use.root,))
    jwt = build(client_id=client, x5c=wrong_use.x5c, signer=wrong_use.signer)
    with pytest.raises(VerifierUntrusted):
        check(jwt, link_client_id=client, trust=listed)
    with pytest.raises(VerifierUntrusted):
        check(build(), now=NOW + timedelta(days=400))
    with_root = [*pki().x5c, *x509.x5c_encode([pki().root])]
    with pytest.raises(VerifierUntrusted):
        check(build(x5c=with_root))


def test_a_root_that_the_person_added() -> None:
    found = check(build(), trust=VerifierTrust(added_anchors=(pki().root,)))
    assert found.verifier.agency is None
    assert found.verifier.origins == (VERIFIER,)
    with pytest.raises(VerifierUntrusted):
        check(build(response_uri="https://evil.example/x"), trust=VerifierTrust(added_anchors=(pki().root,)))


# --- DID ----------------------------------------------------------------------------------------


def did_request(**changes: Any) -> str:
    values: dict[str, Any] = {"client_id": DID_CLIENT, "x5c": (), "kid": f"{DID}#key-1"}
    return build(**{**values, **changes})


def fetch_document(url: str, *, accept: str, max_bytes: int) -> Fetched:
    assert url == "https://bank.example/.well-known/did.json"
    document = build_document(
        DID,
        methods={"key-1": pki().signer.public_key, "key-2": signer("agreement").public_key},
        relationships={"assertionMethod": ["key-1"], "capabilityInvocation": ["key-2"]},
    )
    body = document if isinstance(document, dict) else document.to_json()
    return Fetched(200, "application/did+json", json.dumps(body).encode())


def check_did(jwt: str, **changes: Any) -> request.AuthorizationRequest:
    return check(jwt, **{"link_client_id": DID_CLIENT, "fetch": fetch_document, **changes})


def test_did_prefix() -> None:
    found = check_did(did_request())
    assert (found.client_id, found.verifier.did) == (DID_CLIENT, DID)
    added = VerifierTrust(added_dids=frozenset({DID}))
    assert check_did(did_request(), trust=added).verifier.origins == (VERIFIER,)


def test_T55_did_prefix_refusals() -> None:
    refused(lambda: check_did(did_request(kid=None)), error="invalid_request")
    for kid in (DID, f"{DID}#", "did:web:evil.example#key-1", "#key-1", f"{DID}:x#key-1"):
        refused(partial(check_did, did_request(kid=kid)), error="invalid_request")
    for kid in (f"{DID}#key-2", f"{DID}#key-9"):
        refused(partial(check_did, did_request(kid=kid)), code="verifier_untrusted")
    with pytest.raises(SignatureInvalid):
        check_did(did_request(signer=signer("stranger")))


def test_T98_a_stranger_s_did_is_never_fetched() -> None:
    def never(url: str, *, accept: str, max_bytes: int) -> Fetched:
        raise AssertionError(url)

    did = "did:web:evil.example"
    client = request.client_id_for_did(did)
    jwt = did_request(client_id=client, kid=f"{did}#key-1")
    with pytest.raises(VerifierUntrusted):
        check(jwt, link_client_id=client, fetch=never)


def test_a_silent_source_is_told_apart() -> None:
    def silent(url: str, *, accept: str, max_bytes: int) -> Fetched:
        raise FetchFailed("no answer")

    with pytest.raises(FetchFailed):
        check_did(did_request(), fetch=silent)


# --- encryption, state, transaction data ----------------------------------------------------------


def test_the_first_usable_key_is_taken() -> None:
    metadata = parse_jws(build()).unverified_claims()["client_metadata"]
    key = metadata["jwks"]["keys"][0]
    keys = [
        {**key, "kid": "sig", "use": "sig"},
        {**key, "kid": "alg", "alg": "ECDH-ES+A256KW"},
        {"kty": "OKP", "crv": "X25519", "x": "A" * 43, "kid": "okp", "alg": "ECDH-ES"},
        {**key, "kid": "good"},
    ]
    found = check(changed(client_metadata={**metadata, "jwks": {"keys": keys}}))
    assert found.encryption_jwk is not None
    assert found.encryption_jwk["kid"] == "good"


def test_haip_demands_are_for_strict_wallets() -> None:
    metadata = parse_jws(build()).unverified_claims()["client_metadata"]
    plain = changed(response_mode="direct_post", client_metadata=None)
    refused(lambda: check(plain), error="invalid_request")
    assert check(plain, strict=False).encryption_jwk is None
    default = changed(client_metadata={"jwks": metadata["jwks"]})
    refused(lambda: check(default), error="invalid_request")
    assert check(default, strict=False).encryption_enc == "A128GCM"


def test_state_is_needed_without_holder_binding() -> None:
    unbound = {"credentials": [{**QUERY["credentials"][0], "require_cryptographic_holder_binding": False}]}
    assert check(build(query=unbound)).state
    refused(lambda: check(build(query=unbound, state=None)), error="invalid_request")
    refused(lambda: check(build(query=unbound, state="short")), error="invalid_request")
    assert check(build(state=None)).state is None


def test_transaction_data() -> None:
    one = request.build_transaction_data("payment", ["a"], amount="12.00 EUR")
    (found,) = check(build(transaction_data=[one]), transaction_data_types={"payment"}).transaction_data
    assert (found.type, found.credential_ids, found.encoded) == ("payment", ("a",), one)
    assert found.data["amount"] == "12.00 EUR"


def test_T59_transaction_data_that_is_refused() -> None:
    unbound = {"credentials": [{**QUERY["credentials"][0], "require_cryptographic_holder_binding": False}]}
    good = request.build_transaction_data("payment", ["a"])
    bad: dict[str, Any] = {
        "unknown type": build(transaction_data=[request.build_transaction_data("gift", ["a"])]),
        "one of two unknown": build(transaction_data=[good, request.build_transaction_data("gift", ["a"])]),
        "other credential": build(transaction_data=[request.build_transaction_data("payment", ["b"])]),
        "no holder binding": build(transaction_data=[good], query=unbound),
        "no credentials": build(transaction_data=[request.build_transaction_data("payment", [])]),
        "other hash": build(
            transaction_data=[request.build_transaction_data("payment", ["a"], transaction_data_hashes_alg=["sha-512"])]
        ),
        "empty": changed(transaction_data=[]),
        "not an array": changed(transaction_data=good),
        "an object": changed(transaction_data=[{"type": "payment", "credential_ids": ["a"]}]),
        "not base64url": changed(transaction_data=["{}"]),
        "not an object": changed(transaction_data=[b64url_encode(b"[]")]),
        "no type": changed(transaction_data=[b64url_encode(b'{"credential_ids":["a"]}')]),
        "too many": changed(transaction_data=[good] * 17),
    }
    for name, jwt in bad.items():
        error = refused(partial(check, jwt, transaction_data_types={"payment"}), error="invalid_transaction_data")
        assert error.hint, name
    refused(lambda: check(build(transaction_data=[good])), error="invalid_transaction_data")


# --- links and the post to request_uri ------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["openid4vp", "haip-vp"])
@pytest.mark.parametrize("method", [None, "get", "post"])
def test_link_round_trip(scheme: str, method: str | None) -> None:
    link = request.build_request_link(client_id=CLIENT, request_uri=f"{VERIFIER}/r/1", scheme=scheme, method=method)
    assert link.startswith(f"{scheme}://?client_id=")
    found = request.parse_request_link(link)
    assert found == request.RequestLink(client_id=CLIENT, request_uri=f"{VERIFIER}/r/1", method=method or "get")


@pytest.mark.parametrize(
    ("link", "error"),
    [
        ("openid4vp://", "invalid_request"),
        ("openid4vp://?client_id=a%3Ab", "invalid_request"),
        ("openid4vp://?request_uri=https%3A%2F%2Fa", "invalid_request"),
        ("openid4vp://?client_id=bank&request_uri=https%3A%2F%2Fa", "invalid_request"),
        ("openid4vp://?client_id=a%3Ab&request_uri=http%3A%2F%2Fa", "invalid_request"),
        ("openid4vp://?client_id=a%3Ab&request_uri=https%3A%2F%2Fa%23x", "invalid_request"),
        ("openid4vp://?client_id=a%3Ab&request_uri=file%3A%2F%2F%2Fetc%2Fpasswd", "invalid_request"),
        ("openid4vp://?client_id=a%3Ab&client_id=c%3Ad&request_uri=https%3A%2F%2Fa", "invalid_request"),
        ("haip-vci://?client_id=a%3Ab&request_uri=https%3A%2F%2Fa", "invalid_request"),
        (
            "openid4vp://?client_id=a%3Ab&request_uri=https%3A%2F%2Fa&request_uri_method=POST",
            "invalid_request_uri_method",
        ),
        (
            "openid4vp://?client_id=a%3Ab&request_uri=https%3A%2F%2Fa&request_uri_method=put",
            "invalid_request_uri_method",
        ),
    ],
)
def test_T96_bad_links(link: str, error: str) -> None:
    refused(lambda: request.parse_request_link(link), error=error)


def test_post_to_request_uri() -> None:
    body = request.build_request_uri_post(wallet_nonce="w", wallet_metadata={"vp_formats_supported": {}})
    assert request.parse_request_uri_post(body) == "w"
    assert request.parse_request_uri_post(b"") is None
    assert request.parse_request_uri_post(b"vp_formats_supported=x") is None
    for bad in (b"wallet_nonce=a&wallet_nonce=b", b"wallet_nonce=a%20b", b"wallet_nonce=" + b"a" * 600):
        refused(partial(request.parse_request_uri_post, bad), error="invalid_request")
