"""Whatever comes in, a parser answers with a value or with one of our errors (rule 3 of the threat model)."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credentials import signed_list
from credentials.errors import IdError
from credentials.openid import credential, key_proof, metadata, oauth, offer, request, response, token
from credentials.status import token_status_list
from did.encoding import b64url_encode

PARSERS: dict[str, Callable[[bytes], object]] = {
    "form": oauth.parse_form,
    "error": oauth.parse_error,
    "authorization": lambda body: oauth.parse_authorization(body.decode("latin-1")),
    "dpop": lambda body: oauth.parse_dpop_proof(body.decode("latin-1")),
    "offer": offer.parse_offer,
    "offer link": lambda body: offer.parse_offer_link("openid-credential-offer://?" + body.decode("latin-1")),
    "issuer metadata": metadata.parse_issuer_metadata,
    "server metadata": metadata.parse_authorization_server_metadata,
    "token request": token.parse_token_request,
    "token response": token.parse_token_response,
    "key proof": lambda body: key_proof.parse_key_proof(body.decode("latin-1")),
    "nonce response": credential.parse_nonce_response,
    "credential request": credential.parse_credential_request,
    "credential response": credential.parse_credential_response,
    "notification": credential.parse_notification,
    "request link": lambda body: request.parse_request_link(body.decode("latin-1")),
    "request": request.parse_request,
    "request post": request.parse_request_uri_post,
    "response": response.parse_response,
    "response answer": response.parse_response_answer,
    "status token": token_status_list.parse_token,
    "trusted list": signed_list.parse_trusted_list,
}

NAMES = st.sampled_from(
    [
        "credential_issuer",
        "credential_configuration_ids",
        "grants",
        "pre-authorized_code",
        "tx_code",
        "credential_endpoint",
        "urn:ietf:params:oauth:grant-type:pre-authorized_code",
        "credential_configurations_supported",
        "format",
        "vct",
        "proof_types_supported",
        "jwt",
        "cryptographic_binding_methods_supported",
        "issuer",
        "token_endpoint",
        "grant_type",
        "authorization_details",
        "type",
        "access_token",
        "token_type",
        "c_nonce",
        "proofs",
        "credentials",
        "credential",
        "transaction_id",
        "interval",
        "notification_id",
        "event",
        "client_id",
        "vp_token",
        "response",
        "state",
        "error",
        "redirect_uri",
        "x",
    ]
)
TEXT = st.sampled_from(
    ["dc+sd-jwt", "openid_credential", "https://a.example", "x509_hash:x", "", "é", "\x00", "1"]
) | st.text(max_size=6)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 1 << 60) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=15,
)
OBJECT = st.dictionaries(NAMES, JSON, max_size=6)


def jwt(parts: tuple[dict[str, Any], dict[str, Any]]) -> bytes:
    """Return a token with any header and claims, and no signature to speak of: parsers do not look at it."""
    return ".".join([*(b64url_encode(json.dumps(part).encode()) for part in parts), "AAAA"]).encode()


CLAIMS = st.dictionaries(
    st.sampled_from(
        [
            "aud",
            "iat",
            "exp",
            "nbf",
            "nonce",
            "iss",
            "jti",
            "htm",
            "htu",
            "ath",
            "sub",
            "ttl",
            "status_list",
            "client_id",
            "sequence",
        ]
    ),
    JSON,
    max_size=8,
)
HEADER = st.dictionaries(st.sampled_from(["alg", "typ", "jwk", "kid", "x5c", "crit", "b64"]), JSON, max_size=3)

BODIES = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=100).map(str.encode),
    OBJECT.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(NAMES, TEXT | OBJECT.map(json.dumps), max_size=5).map(lambda value: oauth.build_form(value)),
    st.tuples(HEADER, CLAIMS).map(jwt),
)


@pytest.mark.parametrize("name", PARSERS)
@given(body=BODIES)
@settings(max_examples=150, deadline=None)
def test_only_our_errors(name: str, body: bytes) -> None:
    try:
        PARSERS[name](body)
    except IdError as exc:
        assert exc.code
        assert exc.detail
