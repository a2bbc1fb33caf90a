"""Build the authorization request of OpenID4VP 1.0: request object, link, and the wallet's post to `request_uri`."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from credentials.jose import sign_jws, to_wire
from credentials.openid import haip
from credentials.openid.request_model import SCHEME, STATIC_AUDIENCE, TYP
from credentials.openid.wire import build_form
from did.encoding import b64url_encode
from did.signing import Signer

VP_FORMATS: Mapping[str, Any] = {
    "dc+sd-jwt": {"sd-jwt_alg_values": ["ES256"], "kb-jwt_alg_values": ["ES256"]},
}
"""`vp_formats_supported`: what our verifier reads (Appendix B)."""


def client_id_for_certificate(leaf_der: bytes) -> str:
    """Return `x509_hash:` and base64url(SHA-256(DER leaf)). Section 5.9.3."""
    return f"x509_hash:{b64url_encode(hashlib.sha256(leaf_der).digest())}"


def client_id_for_did(did: str) -> str:
    """Return `decentralized_identifier:` and the DID. Section 5.9.3."""
    return f"decentralized_identifier:{did}"


def build_transaction_data(type: str, credential_ids: Sequence[str], **members: Any) -> str:
    """Return one base64url-encoded `transaction_data` string. Section 8.4."""
    return b64url_encode(to_wire({"type": type, "credential_ids": list(credential_ids), **members}))


def build_request(
    *,
    signer: Signer,
    client_id: str,
    response_uri: str,
    nonce: str,
    query: Mapping[str, Any],
    now: datetime,
    expires_at: datetime,
    x5c: Sequence[str] = (),
    kid: str | None = None,
    state: str | None = None,
    response_mode: str = haip.RESPONSE_MODE,
    encryption_jwk: Mapping[str, Any] | None = None,
    transaction_data: Sequence[str] = (),
    wallet_nonce: str | None = None,
    audience: str = STATIC_AUDIENCE,
    attestation: str | None = None,
) -> str:
    """Return a signed request object. Give `x5c` with an `x509_hash` or `x509_san_dns` client id, `kid` (a DID URL)
    with a DID, `attestation` with `verifier_attestation`.

    `encryption_jwk` = public JWK of the key made for this one request (`encryption_key()` in response.py). HAIP 5.
    """
    metadata: dict[str, Any] = {"vp_formats_supported": dict(VP_FORMATS)}
    if encryption_jwk is not None:
        metadata["jwks"] = {"keys": [dict(encryption_jwk)]}
        metadata["encrypted_response_enc_values_supported"] = list(haip.JWE_ENCS)
    claims: dict[str, Any] = {
        "client_id": client_id,
        "aud": audience,
        "iat": int(now.timestamp()),
        "exp": int(expires_at.timestamp()),
        "response_type": haip.RESPONSE_TYPE,
        "response_mode": response_mode,
        "response_uri": response_uri,
        "nonce": nonce,
        "state": state,
        "wallet_nonce": wallet_nonce,
        "dcql_query": dict(query),
        "client_metadata": metadata,
        "transaction_data": list(transaction_data) or None,
    }
    header: dict[str, Any] = {"kid": kid} if kid is not None else {}
    if x5c:
        header["x5c"] = list(x5c)
    if attestation is not None:
        header["jwt"] = attestation
    present = {name: value for name, value in claims.items() if value is not None}
    return sign_jws(present, typ=TYP, signer=signer, header=header)


def build_request_link(*, client_id: str, request_uri: str, scheme: str = SCHEME, method: str | None = None) -> str:
    """Return the link for a QR code or button; `method` `post` lets a wallet send its nonce. Section 5.1."""
    parameters = {"client_id": client_id, "request_uri": request_uri}
    if method is not None:
        parameters["request_uri_method"] = method
    return f"{scheme}://?{urlencode(parameters)}"


def build_request_by_value(parameters: Mapping[str, Any], *, scheme: str = SCHEME) -> str:
    """Return a link that carries the request itself: `{client_id, request}`, or plain parameters (then unsigned).

    Objects and arrays are written as JSON. Not for HAIP, which asks by reference. Section 5.2.
    """
    texts = {
        name: value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
        for name, value in parameters.items()
    }
    return f"{scheme}://?{urlencode(texts)}"


def build_request_uri_post(*, wallet_nonce: str, wallet_metadata: Mapping[str, Any] | None = None) -> bytes:
    """Return the form body a wallet posts to `request_uri`. Section 5.10."""
    parameters = {"wallet_nonce": wallet_nonce}
    if wallet_metadata is not None:
        parameters["wallet_metadata"] = to_wire(wallet_metadata).decode()
    return build_form(parameters)
