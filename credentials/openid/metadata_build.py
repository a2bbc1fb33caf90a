"""Build the metadata of a credential issuer and an authorization server; sign it and check signed metadata."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from credentials.errors import IdError, ProtocolError
from credentials.jose import ALLOWED_ALGS, parse_jws, sign_jws, verify_jws
from credentials.openid.haip import CLOCK_SKEW
from credentials.openid.metadata_read import ERROR, TYPE_MEMBERS, IssuerMetadata, check_issuer_metadata, issuer_metadata
from credentials.openid.wire import build_json, parse_json, time_member
from credentials.x509 import check_chain, x5c_decode
from did.signing import Signer

SIGNED_TYP: Final = "openidvci-issuer-metadata+jwt"


def build_configuration(
    *,
    format: str,
    type: str,
    scope: str,
    display: Sequence[Mapping[str, Any]],
    claims: Sequence[Mapping[str, Any]],
    signing_algs: Sequence[str | int] = ("ES256",),
    proof_algs: Sequence[str] = ("ES256",),
    binding_methods: Sequence[str] = ("jwk",),
) -> dict[str, Any]:
    """Return one credential configuration object; `type` becomes `vct` or `doctype` by the format.

    `display`: `{name, locale, …}`, one per language; `claims`: `{path, mandatory?, display?}`. Section 12.2.4.
    """
    value: dict[str, Any] = {
        "format": format,
        "scope": scope,
        TYPE_MEMBERS[format]: type,
        "credential_signing_alg_values_supported": list(signing_algs),
        "credential_metadata": {"display": [dict(one) for one in display], "claims": [dict(one) for one in claims]},
    }
    if binding_methods:
        value["cryptographic_binding_methods_supported"] = list(binding_methods)
        value["proof_types_supported"] = {"jwt": {"proof_signing_alg_values_supported": list(proof_algs)}}
    return value


def build_issuer_metadata(
    *,
    credential_issuer: str,
    credential_endpoint: str,
    nonce_endpoint: str,
    configurations: Mapping[str, Mapping[str, Any]],
    notification_endpoint: str | None = None,
    deferred_credential_endpoint: str | None = None,
    authorization_servers: Sequence[str] = (),
    batch_size: int | None = None,
    display: Sequence[Mapping[str, Any]] = (),
) -> bytes:
    """Return issuer metadata as JSON. Section 12.2.4."""
    value: dict[str, Any] = {
        "credential_issuer": credential_issuer,
        "authorization_servers": list(authorization_servers) or None,
        "credential_endpoint": credential_endpoint,
        "nonce_endpoint": nonce_endpoint,
        "notification_endpoint": notification_endpoint,
        "deferred_credential_endpoint": deferred_credential_endpoint,
        "batch_credential_issuance": None if batch_size is None else {"batch_size": batch_size},
        "display": [dict(one) for one in display] or None,
        "credential_configurations_supported": {name: dict(one) for name, one in configurations.items()},
    }
    return build_json({name: member for name, member in value.items() if member is not None})


def build_authorization_server_metadata(
    *,
    issuer: str,
    token_endpoint: str,
    grant_types: Sequence[str],
    dpop_algs: Sequence[str] = ("ES256",),
    scopes: Sequence[str] = (),
    anonymous_pre_authorized: bool = True,
    jwks_uri: str | None = None,
    extra: Mapping[str, Any] | None = None,
) -> bytes:
    """Return authorization server metadata as JSON; `extra` adds or replaces members (PAR, PKCE, client
    authentication). RFC 8414 2, VCI 12.3."""
    value: dict[str, Any] = {
        "issuer": issuer,
        "token_endpoint": token_endpoint,
        "jwks_uri": jwks_uri,
        "grant_types_supported": list(grant_types),
        "response_types_supported": [],
        "token_endpoint_auth_methods_supported": ["none"],
        "dpop_signing_alg_values_supported": list(dpop_algs),
        "scopes_supported": list(scopes) or None,
        "authorization_details_types_supported": ["openid_credential"],
        "pre-authorized_grant_anonymous_access_supported": anonymous_pre_authorized,
        **(extra or {}),
    }
    return build_json({name: member for name, member in value.items() if member is not None})


def build_signed_issuer_metadata(
    metadata: bytes, *, signer: Signer, x5c: Sequence[str], now: datetime, expires_at: datetime | None = None
) -> str:
    """Return the metadata as a JWS, answered when `Accept` is `application/jwt`. Section 12.2.3."""
    value = parse_json(metadata, what="the issuer metadata", error=ERROR)
    claims = {"sub": value["credential_issuer"], "iat": int(now.timestamp()), **value}
    if expires_at is not None:
        claims["exp"] = int(expires_at.timestamp())
    return sign_jws(claims, typ=SIGNED_TYP, signer=signer, header={"x5c": list(x5c)})


def check_signed_issuer_metadata(
    jws: str, *, credential_issuer: str, anchors: Collection[bytes], now: datetime, dev: bool = False
) -> IssuerMetadata:
    """Verify signed metadata by its `x5c` and return it (T43). Raises ProtocolError. Section 12.2.3, HAIP 4.1."""
    try:
        parsed = parse_jws(jws)
        chain = x5c_decode(parsed.header.get("x5c"))
        leaf = check_chain(chain, anchors=tuple(anchors), now=now, usage="metadata")
        claims = verify_jws(parsed, key=leaf.public_key, typ=SIGNED_TYP, algs=ALLOWED_ALGS).claims
    except IdError as exc:
        raise ProtocolError(ERROR, f"the signed metadata is not genuine: {exc.detail}", code=exc.code) from exc
    issued_at = time_member(claims, "iat", what="the signed metadata", error=ERROR)
    expires_at = time_member(claims, "exp", what="the signed metadata", error=ERROR)
    if claims.get("sub") != credential_issuer:
        raise ProtocolError(ERROR, "the signed metadata is about another issuer", code="audience_mismatch")
    if issued_at is None or issued_at > now + CLOCK_SKEW:
        raise ProtocolError(ERROR, "the signed metadata has no iat, or one in the future")
    if expires_at is not None and expires_at <= now:
        raise ProtocolError(ERROR, "the signed metadata has expired")
    return check_issuer_metadata(issuer_metadata(claims), credential_issuer=credential_issuer, dev=dev)
